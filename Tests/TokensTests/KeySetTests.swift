import Bytes
import Crypto
import JSON
import TestKit
import Testing
import Time
import Tokens

@Suite struct KeySetTests {
    /// The RSA key of RFC 7638 §3.1, whose thumbprint the RFC prints.
    private static let modulus =
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        + "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qM"
        + "QvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJ"
        + "zKnqDKgw"

    @Test func `the thumbprint of RFC 7638 comes out`() throws {
        let modulus = try #require(Base64.decode(Self.modulus, .url))
        #expect(
            try KeySet.thumbprint(.rsa(modulus: modulus, exponent: [1, 0, 1]))
                == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    }

    @Test func `a written set is read back`() throws {
        let set = KeySet(keys: [
            KeySet.Key(keyID: "a", key: try TokenFixture.rsa.verifyingKey()),
            KeySet.Key(keyID: "b", key: try TokenFixture.p256.verifyingKey()),
        ])
        #expect(try KeySet(jwks: set.document().bytes()) == set)
    }

    @Test func `keys that are not for us are skipped, the others stay`() throws {
        let rsa = #""kty":"RSA","n":"\#(Self.modulus)","e":"AQAB""#
        let document = """
            {"keys":[{"kid":"enc","use":"enc",\(rsa)},{"kid":"ps","alg":"PS256",\(rsa)},{\(rsa)},{"kid":"oct","kty":"oct",
            "k":"AAAA"},{"kid":"p384","kty":"EC","crv":"P-384","x":"AAAA","y":"AAAA"},{"kid":"short","kty":"RSA","n":"AQAB",
            "e":"AQAB"},{"kid":"off","kty":"EC","crv":"P-256","x":"\(String(repeating: "A", count: 43))",
            "y":"\(String(repeating: "A", count: 43))"},{"kid":"ed","kty":"OKP","crv":"Ed25519","x":"AAAA"},7,
            {"kid":"good","x5c":["AAAA"],\(rsa)}],"extra":true}
            """
        #expect(try KeySet(jwks: Array(document.utf8)).keys.map(\.keyID) == ["good"])
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"keys":[]}"#, #"{"keys":{}}"#, #"{"keys":[{"kid":"a","kty":"oct","k":"AA"}]}"#, "<html>",
    ])
    func `a document without a key for us is no key set`(_ document: String) {
        #expect(throws: TokenError.keysUnavailable) { try KeySet(jwks: Array(document.utf8)) }
    }

    @Test func `a huge document is refused, many keys are cut`() throws {
        let huge = Array("{\"keys\":[\(String(repeating: " ", count: KeySet.byteLimit))]}".utf8)
        #expect(throws: TokenError.keysUnavailable) { try KeySet(jwks: huge) }
        let key = #"{"kid":"k","kty":"RSA","n":"\#(Self.modulus)","e":"AQAB"}"#
        let many = "{\"keys\":[\(Array(repeating: key, count: 200).joined(separator: ","))]}"
        #expect(try KeySet(jwks: Array(many.utf8)).keys.count == KeySet.keyLimit)
    }

    @Test func `jwcrypto reads our sets and agrees on the thumbprints`() async throws {
        let keys = [TokenFixture.rsa, TokenFixture.p256]
        let set = KeySet(
            keys: try keys.map {
                KeySet.Key(keyID: try KeySet.thumbprint($0.publicComponents), key: try $0.verifyingKey())
            })
        let script = """
            import sys
            from jwcrypto import jwk
            keys = jwk.JWKSet.from_json(sys.stdin.read())
            assert len(list(keys)) == 2
            for key in keys:
                assert key['use'] == 'sig' and not key.has_private
                assert key.thumbprint() == key['kid'], key['kid']
            print('fine')
            """
        #expect(try await Strangers.runPython(script, input: set.document().bytes()).output == "fine\n")
    }

    @Test func `we read the sets and verify the tokens of jwcrypto and PyJWT`() async throws {
        let script = """
            import json, jwt
            from jwcrypto import jwk
            keys = [jwk.JWK.generate(kty='RSA', size=2048, kid='r', use='sig', alg='RS256'),
                    jwk.JWK.generate(kty='RSA', size=2048, kid='big'), jwk.JWK.generate(kty='EC', crv='P-256', kid='e')]
            print(json.dumps({'keys': [k.export_public(as_dict=True) for k in keys]}))
            for key, alg in zip(keys, ('RS256', 'RS256', 'ES256')):
                for n in range(20):
                    print(jwt.encode({'iss': '\(TokenFixture.issuer)', 'exp': \(TokenFixture.start.seconds + 60),
                        'clientId': f'stream-{n}'}, key.export_to_pem(True, None), alg, {'kid': key['kid']}))
            """
        let lines = try await Strangers.runPython(script).output.split(separator: "\n").map(String.init)
        let verifier = TokenVerifier(
            issuer: TokenFixture.issuer, keys: SharedKeySet(try KeySet(jwks: Array(lines[0].utf8))))
        #expect(lines.count == 61)
        for (number, line) in lines.dropFirst().enumerated() {
            #expect(try verifier.verify(line).clientID == "stream-\(number % 20)")
        }
    }
}
