// Polder
