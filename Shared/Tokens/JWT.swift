// A compact JSON Web Token (RFC 7515 §7.1, RFC 7519):
//
//   base64url(header) . base64url(payload) . base64url(signature)
//   {"alg":"RS256","kid":"…"}   {"iss":…,"exp":…}    over the ASCII of the first two parts and the dot between them
//
// Parsing decides nothing about trust: until the signature is verified, everything in here is a claim of a stranger.

import Bytes
package import Crypto
package import JSON

/// A token that is well formed and whose signature nobody has checked yet.
package struct JWT {
    /// Longest token that is looked at, in bytes. A realistic one has 900; HTTP header limits are larger.
    package static let byteLimit = 16 * 1024

    /// Longest key id that is looked up, in bytes.
    private static let keyIDLimit = 256

    /// What it says to be signed with; one of the two that we allow.
    package let algorithm: SignatureAlgorithm
    /// Which key it says to be signed with.
    package let keyID: String
    /// The claims, unverified.
    package let claims: JSONObject
    /// The signature, decoded.
    package let signature: [UInt8]
    /// How many bytes of the token, from the start, are signed.
    package let signedByteCount: Int

    /// Takes a token apart.
    ///
    /// - Parameter token: The token alone, without `Bearer `. Not kept.
    /// - Throws: `.tooLong`, `.notThreeParts`, `.notBase64`, `.notJSON`, `.noAlgorithm`, `.algorithmNotAllowed`,
    ///   `.criticalExtension`, `.badKeyID`, and `.unknownKey` when there is no `kid`.
    package init(parsing token: UnsafeRawBufferPointer) throws(TokenError) {
        guard token.count <= Self.byteLimit else { throw .tooLong }
        guard let firstDot = token.firstIndex(of: Self.dot),
            let secondDot = token[(firstDot + 1)...].firstIndex(of: Self.dot),
            !token[(secondDot + 1)...].contains(Self.dot)
        else { throw .notThreeParts }
        let header = try Self.object(.header, token[..<firstDot])
        // RFC 7515 §4.1.11: whoever does not understand an extension named in `crit` must refuse the token.
        guard header["crit"] == nil else { throw .criticalExtension }
        guard let name = header["alg"]?.string else { throw .noAlgorithm }
        // An exact list of asymmetric algorithms: `none` and HMAC under a public key never get further (RFC 8725 §3.1).
        guard name.isASCII, let algorithm = SignatureAlgorithm(rawValue: name) else { throw .algorithmNotAllowed }
        if let kid = header["kid"], kid.string == nil { throw .badKeyID }
        guard let keyID = header["kid"]?.string else { throw .unknownKey }
        guard keyID.utf8.count <= Self.keyIDLimit else { throw .badKeyID }
        claims = try Self.object(.payload, token[(firstDot + 1)..<secondDot])
        signature = try Self.decode(.signature, token[(secondDot + 1)...])
        signedByteCount = secondDot
        self.algorithm = algorithm
        self.keyID = keyID
    }

    private static let dot = UInt8(ascii: ".")

    private static func decode(
        _ part: TokenError.Part, _ text: Slice<UnsafeRawBufferPointer>
    ) throws(TokenError) -> [UInt8] {
        guard let bytes = Base64.decode(UnsafeRawBufferPointer(rebasing: text), .url) else { throw .notBase64(part) }
        return bytes
    }

    private static func object(
        _ part: TokenError.Part, _ text: Slice<UnsafeRawBufferPointer>
    ) throws(TokenError) -> JSONObject {
        let bytes = try decode(part, text)
        do {
            // A token's objects are flat; a deeper one only wants to cost us something.
            guard let object = try JSONValue.parse(bytes, depthLimit: 16).object else { throw TokenError.notJSON(part) }
            return object
        } catch {
            throw .notJSON(part)
        }
    }
}
