// RegexTests
