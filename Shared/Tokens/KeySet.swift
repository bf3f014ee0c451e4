import Bytes
package import Crypto
package import JSON

/// The public keys of an issuer: a JSON Web Key Set (RFC 7517).
package struct KeySet: Sendable, Equatable {
    /// One key that verifies.
    package struct Key: Sendable, Equatable {
        /// Its name within the set.
        package let keyID: String
        /// The key; it knows its one algorithm.
        package let key: VerifyingKey

        /// Names a key.
        package init(keyID: String, key: VerifyingKey) {
            self.keyID = keyID
            self.key = key
        }

        /// Equal names and equal numbers.
        package static func == (left: Key, right: Key) -> Bool {
            left.keyID == right.keyID && left.key.components == right.key.components
        }
    }

    /// The keys in the order of the document.
    package let keys: [Key]

    /// A set of these keys.
    package init(keys: [Key]) { self.keys = keys }

    /// Longest document that is read, in bytes.
    package static let byteLimit = 256 * 1024
    /// Most keys that are kept.
    package static let keyLimit = 64

    /// Reads a JWKS document. Keys that are not for us are skipped, as RFC 7517 §5 asks: other kinds, other curves, other
    /// algorithms, keys for encryption, keys without an id, keys that OpenSSL refuses.
    ///
    /// - Throws: `.keysUnavailable` when it is not a key set or has no key that we can use.
    package init(jwks document: [UInt8]) throws(TokenError) {
        guard document.count <= Self.byteLimit else { throw .keysUnavailable }
        let members: [JSONValue]
        do {
            guard let array = try JSONValue.parse(document, depthLimit: 16)["keys"]?.array else {
                throw TokenError.keysUnavailable
            }
            members = array
        } catch {
            throw .keysUnavailable
        }
        keys = members.prefix(Self.keyLimit).compactMap(Self.key)
        guard !keys.isEmpty else { throw .keysUnavailable }
    }

    /// The key of that name, if it is of the kind that the algorithm needs. A token cannot choose how a key is used: an
    /// RSA key verifies RS256 and nothing else (RFC 8725 §3.1).
    package func key(_ keyID: String, for algorithm: SignatureAlgorithm) -> VerifyingKey? {
        keys.first { $0.keyID == keyID && $0.key.algorithm == algorithm }?.key
    }

    /// The set as a JWKS document.
    package func document() -> JSONValue {
        ["keys": .array(keys.map { Self.jwk($0.keyID, $0.key.components) })]
    }

    /// The name of a key: its RFC 7638 thumbprint, 43 characters.
    ///
    /// - Throws: what SHA-256 throws.
    package static func thumbprint(_ components: PublicKeyComponents) throws(CryptoError) -> String {
        // Required members only, in lexicographic order, no white space (RFC 7638 §3.2).
        let text =
            switch components {
            case .rsa(let modulus, let exponent):
                "{\"e\":\"\(Base64.encode(exponent, .url))\",\"kty\":\"RSA\",\"n\":\"\(Base64.encode(modulus, .url))\"}"
            case .p256(let x, let y):
                "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"\(Base64.encode(x, .url))\",\"y\":\"\(Base64.encode(y, .url))\"}"
            }
        return Base64.encode(try SHA256.hash(Array(text.utf8)), .url)
    }

    private static func jwk(_ keyID: String, _ components: PublicKeyComponents) -> JSONValue {
        switch components {
        case .rsa(let modulus, let exponent):
            [
                "kid": .string(keyID), "kty": "RSA", "alg": "RS256", "use": "sig",
                "n": .string(Base64.encode(modulus, .url)), "e": .string(Base64.encode(exponent, .url)),
            ]
        case .p256(let x, let y):
            [
                "kid": .string(keyID), "kty": "EC", "alg": "ES256", "use": "sig", "crv": "P-256",
                "x": .string(Base64.encode(x, .url)), "y": .string(Base64.encode(y, .url)),
            ]
        }
    }

    private static func key(_ jwk: JSONValue) -> Key? {
        guard let keyID = jwk["kid"]?.string, jwk["use"]?.string ?? "sig" == "sig" else { return nil }
        guard let components = components(jwk) else { return nil }
        do {
            let key = try VerifyingKey(components)
            guard jwk["alg"]?.string ?? key.algorithm.rawValue == key.algorithm.rawValue else { return nil }
            return Key(keyID: keyID, key: key)
        } catch {
            // Too short, not on the curve: one bad key must not take the good ones away.
            return nil
        }
    }

    private static func components(_ jwk: JSONValue) -> PublicKeyComponents? {
        switch jwk["kty"]?.string {
        case "RSA":
            guard let modulus = number(jwk["n"]), let exponent = number(jwk["e"]) else { return nil }
            return .rsa(modulus: modulus, exponent: exponent)
        case "EC":
            guard jwk["crv"]?.string == "P-256", let x = number(jwk["x"]), let y = number(jwk["y"]), x.count == 32,
                y.count == 32
            else { return nil }
            return .p256(x: x, y: y)
        default: return nil
        }
    }

    private static func number(_ value: JSONValue?) -> [UInt8]? { value?.string.flatMap { Base64.decode($0, .url) } }
}
