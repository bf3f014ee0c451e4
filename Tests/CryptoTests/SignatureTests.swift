import Crypto
import TestKit
import Testing

@Suite struct SignatureTests {
    static let message = Array("header.payload".utf8)

    @Test(arguments: SignatureAlgorithm.allCases)
    func `a signature verifies with the public numbers, and with no other message or key`(
        _ algorithm: SignatureAlgorithm
    ) throws {
        let key = try SigningKey.generate(algorithm)
        let signature = try key.sign(Self.message)
        #expect(signature.count == (algorithm == .rs256 ? 256 : 64))
        let verifier = try VerifyingKey(key.publicComponents)
        #expect(verifier.algorithm == algorithm)
        #expect(verifier.isValid(signature: signature, for: Self.message))
        #expect(!verifier.isValid(signature: signature, for: Self.message + [0]))
        #expect(!verifier.isValid(signature: [], for: Self.message))
        #expect(!verifier.isValid(signature: signature + [0], for: Self.message))
        var changed = signature
        changed[17] ^= 1
        #expect(!verifier.isValid(signature: changed, for: Self.message))
        #expect(!(try SigningKey.generate(algorithm).verifyingKey().isValid(signature: signature, for: Self.message)))
    }

    @Test func `an all-zero ES256 signature is refused`() throws {
        let verifier = try SigningKey.generate(.es256).verifyingKey()
        #expect(!verifier.isValid(signature: [UInt8](repeating: 0, count: 64), for: Self.message))
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func `a key survives its PEM form`(_ algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let again = try SigningKey(pem: key.privatePEM())
        #expect(again.publicComponents == key.publicComponents)
        #expect(try key.verifyingKey().isValid(signature: again.sign(Self.message), for: Self.message))
    }

    // RFC 7515 A.2 and A.3: the published JWS examples.
    @Test func `the RS256 example of RFC 7515 verifies`() throws {
        let key = try VerifyingKey(
            .rsa(
                modulus: base64url(
                    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR"
                        + "T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB"
                        + "dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia"
                        + "GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"),
                exponent: base64url("AQAB")))
        let input =
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
            + "Ijp0cnVlfQ"
        let signature = base64url(
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdb"
                + "F9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN"
                + "9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5A"
                + "XLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw")
        #expect(key.isValid(signature: signature, for: Array(input.utf8)))
    }

    @Test func `the ES256 example of RFC 7515 verifies`() throws {
        let key = try VerifyingKey(
            .p256(
                x: base64url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                y: base64url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")))
        let input =
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
            + "Ijp0cnVlfQ"
        let signature = base64url(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
        #expect(key.isValid(signature: signature, for: Array(input.utf8)))
    }

    @Test func `weak or impossible public keys are refused`() throws {
        let short = [0x81] + [UInt8](repeating: 0xA5, count: 126) + [0x01]  // 1024 bits
        #expect(throws: CryptoError.unusableKey) {
            _ = try VerifyingKey(.rsa(modulus: short, exponent: [1, 0, 1]))
        }
        let long = [0x81] + [UInt8](repeating: 0xA5, count: 254) + [0x01]
        for exponent: [UInt8] in [[], [0], [1], [2], [1, 0, 0]] {
            #expect(throws: CryptoError.unusableKey) {
                _ = try VerifyingKey(.rsa(modulus: long, exponent: exponent))
            }
        }
        #expect(throws: CryptoError.unusableKey) {
            _ = try VerifyingKey(.rsa(modulus: [UInt8](repeating: 0xFF, count: 1025), exponent: [1, 0, 1]))
        }
        #expect(throws: CryptoError.unusableKey) {  // not on the curve
            _ = try VerifyingKey(.p256(x: [UInt8](repeating: 1, count: 32), y: [UInt8](repeating: 2, count: 32)))
        }
        #expect(throws: CryptoError.unusableKey) {
            _ = try VerifyingKey(.p256(x: [1], y: [2]))
        }
    }

    @Test func `what is no private key in PEM form is refused`() {
        for text in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            #expect(throws: CryptoError.unusableKey) { _ = try SigningKey(pem: secret(Array(text.utf8))) }
        }
    }

    @Test func `openssl reads our keys and we refuse its encrypted and foreign ones`() async throws {
        let folder = try TemporaryFolder()
        let pem = try SigningKey.generate(.rs256).privatePEM()
        try folder.write("ours.pem", pem.withBytes { [UInt8]($0) })
        let shown = try await runTool("/usr/bin/openssl", ["pkey", "-in", folder.file("ours.pem"), "-check", "-noout"])
        #expect(shown.output.contains("Key is valid"))
        for arguments in [
            ["-algorithm", "ED25519"], ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
            ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
            ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes256", "-pass", "pass:x"],
        ] {
            try await runTool("/usr/bin/openssl", ["genpkey", "-out", folder.file("theirs.pem")] + arguments)
            let theirs = try folder.read("theirs.pem")
            #expect(throws: CryptoError.unusableKey) { _ = try SigningKey(pem: secret(theirs)) }
        }
        try await runTool(
            "/usr/bin/openssl",
            ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder.file("sec1.pem")])
        let old = try folder.read("sec1.pem")
        #expect(try SigningKey(pem: secret(old)).algorithm == .es256)
    }

    private func base64url(_ text: String) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var result: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for character in text.utf8 {
            bits = bits << 6 | UInt32(alphabet.firstIndex(of: character)!)
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return result
    }
}
