// KeyVault
