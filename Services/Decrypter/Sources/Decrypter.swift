// Decrypter
