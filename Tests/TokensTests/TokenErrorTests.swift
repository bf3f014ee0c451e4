import Testing
import Tokens

@Suite struct TokenErrorTests {
    // Texts of Envoy's filter; clients and their logs know them.
    @Test(arguments: [
        (TokenError.missing, "Jwt is missing"), (.expired, "Jwt is expired"), (.badSignature, "Jwt verification fails"),
        (.wrongIssuer, "Jwt issuer is not configured"),
        (.notThreeParts, "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"),
    ])
    func `the texts are those that clients know`(_ error: TokenError, _ text: String) { #expect(error.text == text) }

    @Test func `the challenge cannot be broken out of`() {
        #expect(TokenError.missing.challenge(realm: "https://a/event") == #"Bearer realm="https://a/event""#)
        #expect(
            TokenError.expired.challenge(realm: "https://a\"\r\n\\x")
                == #"Bearer realm="https://ax", error="invalid_token""#)
    }
}
