internal import Bytes
internal import Crypto
internal import JSON
internal import Time
internal import Tokens

/// A verifier accepts a token only if one of its issuer's keys signed it, for this issuer, for now.
///
/// The fuzzer cannot sign. So a text of its own is never accepted; claims of its own that we sign for it are accepted only if they say
/// the right things; and a token that was accepted is refused with one byte changed.
enum TokenFuzz {
    private static let issuer = "https://localhost:8543/auth/realms/streams"
    private static let now = Timestamp(seconds: 1_800_000_000)

    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        guard let signer = Signer.shared else { throw BrokenInvariant(description: "keys can be made") }
        var input = FuzzInput(bytes)
        let verifier = TokenVerifier(issuer: issuer, keys: signer.keys, capacity: 4)
        guard input.flag() else {
            let accepted = outcome { () throws(TokenError) in
                try verifier.verify(authorization: input.rest, now: now)
            }
            return try require(accepted.value == nil, "a token that nobody signed is refused")
        }
        let key = input.flag() ? signer.rsa : signer.p256
        let saysSo = input.byte() & 7
        let place = Int(input.byte()) << 8 | Int(input.byte())
        let change = input.byte()
        let claims = input.rest
        // Mostly the right header, because the fuzzer will not find it; sometimes one that lies.
        let algorithm = saysSo == 0 ? "none" : saysSo == 1 ? "HS256" : saysSo == 2 ? "RS256" : key.algorithm.rawValue
        let keyID = saysSo == 3 ? "unknown" : key.algorithm.rawValue
        let header: JSONValue = ["alg": .string(algorithm), "kid": .string(keyID), "typ": "JWT"]
        let text = "\(Base64.encode(header.bytes(), .url)).\(Base64.encode([UInt8](claims), .url))"
        guard case .success(let signature) = outcome({ () throws(CryptoError) in try key.sign(Array(text.utf8)) })
        else {
            throw BrokenInvariant(description: "a key signs")
        }
        var token = Array("\(text).\(Base64.encode(signature, .url))".utf8)
        for _ in 0..<2 {  // the second time from the cache
            guard let verified = verify(token, verifier) else { return }
            try require(algorithm == key.algorithm.rawValue && keyID == key.algorithm.rawValue, "the header is true")
            let object = (try? JSONValue.parse(claims))?.object
            try require(object?["iss"]?.string == issuer, "the issuer is the one that was asked for")
            try require(
                object?["clientId"]?.string == verified.clientID && !verified.clientID.isEmpty, "it has a client")
            let expiry = try require(object?["exp"]?.double, "it expires")
            try require(expiry + 31 > Double(now.milliseconds) / 1000, "it has not expired")
            let start = max(object?["nbf"]?.double ?? 0, object?["iat"]?.double ?? 0)
            try require(start - 31 < Double(now.milliseconds) / 1000, "it is valid already")
        }
        guard change != 0 else { return }
        token[place % token.count] ^= change
        try require(verify(token, verifier) == nil, "a changed token is refused")
    }

    private static func verify(_ token: [UInt8], _ verifier: TokenVerifier) -> VerifiedToken? {
        token.withUnsafeBytes { token in
            outcome { () throws(TokenError) in try verifier.verify(token: token, now: now) }
        }.value
    }
}

/// The issuer's keys, named after their algorithms. New ones in every process: nothing depends on their bytes.
private struct Signer: Sendable {
    let rsa: SigningKey
    let p256: SigningKey
    let keys: SharedKeySet

    static let shared: Signer? = outcome { () throws(CryptoError) in
        let rsa = try SigningKey.generate(.rs256)
        let p256 = try SigningKey.generate(.es256)
        let set = KeySet(
            keys: try [rsa, p256].map { key throws(CryptoError) in
                KeySet.Key(keyID: key.algorithm.rawValue, key: try key.verifyingKey())
            })
        return Signer(rsa: rsa, p256: p256, keys: SharedKeySet(set))
    }.value
}
