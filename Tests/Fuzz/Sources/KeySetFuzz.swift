internal import Crypto
internal import JSON
internal import Privacy
internal import Tokens

/// Documents with keys: what is read can be written and read again, and then it is the same key.
enum KeySetFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        if input.flag() { try checkJWKS([UInt8](input.rest)) } else { try checkKeyset([UInt8](input.rest)) }
    }

    private static func checkJWKS(_ text: [UInt8]) throws(BrokenInvariant) {
        guard let set = outcome({ () throws(TokenError) in try KeySet(jwks: text) }).value else { return }
        let again = outcome { () throws(TokenError) in try KeySet(jwks: set.document().bytes()) }.value
        try require(again == set, "a key set is read as it was written")
    }

    private static func checkKeyset(_ text: [UInt8]) throws(BrokenInvariant) {
        let secret = SecretBytes(copying: text)
        do {
            let key = try Keyset.parse(secret)
            let written = Keyset.json(of: key)
            let again = try Keyset.parse(written)
            let isEqual = key.material.withBytes { one in again.material.withBytes { two in one.elementsEqual(two) } }
            try require(again.id == key.id && isEqual, "a keyset is read as it was written")
        } catch let broken as BrokenInvariant {
            throw broken
        } catch {
            return
        }
    }
}
