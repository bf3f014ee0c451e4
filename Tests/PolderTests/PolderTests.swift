// PolderTests
