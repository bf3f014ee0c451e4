// DecrypterTests
