import Decrypter
