// One sealed field, as Google Tink's deterministic AEAD writes it (output prefix TINK, empty associated data):
//
//   text   = Base64, padded, of
//   bytes  = 0x01 | key id (4, big-endian) | SIV (16) | ciphertext (as long as the plaintext)
//
// Deterministic: the same key and value always give the same text, so sealed values can be compared and counted.

private import Bytes
private import Crypto
package import Wire

/// A value to seal: where it is and where its text goes.
package struct FieldToSeal {
    /// The plain bytes, UTF-8; only read.
    package var plain: UnsafeRawBufferPointer
    /// Where the text goes: exactly `FieldCipher.sealedTextCount(plain.count)` bytes.
    package var text: UnsafeMutableRawPointer

    /// A value whose two places the caller keeps alive during the pass.
    @inlinable
    package init(plain: UnsafeRawBufferPointer, text: UnsafeMutableRawPointer) {
        self.plain = plain
        self.text = text
    }
}

/// A sealed text to open, and the plain value once it is open.
package struct FieldToOpen {
    /// The Base64 text; only read.
    package var text: UnsafeRawBufferPointer
    /// After `open`: the plain bytes, in the workspace's memory until its next use; empty when not genuine.
    package var plain = UnsafeRawBufferPointer(start: nil, count: 0)
    /// After `open`: whether the text was well formed, of this key, genuine, and holds UTF-8.
    package var isGenuine = false

    /// A text that the caller keeps alive during the pass.
    @inlinable
    package init(text: UnsafeRawBufferPointer) { self.text = text }
}

/// Working memory for sealing and opening the fields of one event. It grows to the largest event and is then reused.
///
/// - Isolation: one per loop or thread.
package final class FieldWorkspace {
    fileprivate let siv = SIVWorkspace()
    fileprivate var bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
    fileprivate var values = UnsafeMutableBufferPointer<SIVValue>.allocate(capacity: 32)
    fileprivate var places = UnsafeMutableBufferPointer<Int>.allocate(capacity: 32)

    /// Memory for events of ordinary size.
    package init() {}

    deinit {
        wipe(bytes)
        bytes.deallocate()
        values.deallocate()
        places.deallocate()
    }

    fileprivate func reserve(bytes wanted: Int, fields: Int) {
        if bytes.count < wanted {
            wipe(bytes)
            bytes.deallocate()
            bytes = .allocate(byteCount: max(wanted, bytes.count * 2), alignment: 16)
        }
        if values.count < fields {
            values.deallocate()
            places.deallocate()
            values = .allocate(capacity: max(fields, values.count * 2))
            places = .allocate(capacity: values.count)
        }
    }
}

/// Seals and opens fields under one key, whose schedules are ready.
///
/// - Isolation: one per key and loop: the cipher contexts have state. Not `Sendable`.
package final class FieldCipher {
    /// The public name of the key.
    package let link: KeyLink
    /// The key's Tink id.
    package let keyID: UInt32
    private let cipher: AESSIV
    private let linkBytes: UnsafeMutableRawBufferPointer

    private static let prefixCount = 5
    /// Bytes that sealing adds before Base64.
    private static let overhead = prefixCount + AESSIV.overhead

    /// Expands the key; the key itself is not kept.
    package init(key: borrowing DataKey, link: KeyLink) throws(PrivacyError) {
        do throws(CryptoError) { cipher = try AESSIV(key: key.material) } catch { throw .crypto(error) }
        keyID = key.id
        self.link = link
        linkBytes = .allocate(byteCount: KeyLink.textLength, alignment: 8)
        link.write(into: linkBytes)
    }

    deinit { linkBytes.deallocate() }

    /// The key link's 36 bytes of text, valid as long as this object.
    package var linkText: UnsafeRawBufferPointer { UnsafeRawBufferPointer(linkBytes) }

    /// Length of the sealed text of a value of `plainCount` bytes.
    @inlinable
    package static func sealedTextCount(_ plainCount: Int) -> Int { Base64.encodedCount(plainCount &+ 21) }

    /// Seals the values of one event in one pass. Allocates nothing once `workspace` has grown.
    package func seal(_ fields: UnsafeBufferPointer<FieldToSeal>, using workspace: FieldWorkspace) {
        var total = 0
        for field in fields { total &+= (field.plain.count &+ Self.overhead &+ 15) & ~15 }
        workspace.reserve(bytes: total, fields: fields.count)
        let values = UnsafeMutableBufferPointer(rebasing: workspace.values[0..<fields.count])
        var place = workspace.bytes.baseAddress!
        for index in 0..<fields.count {
            let plain = fields[index].plain
            place.storeBytes(of: 0x01, as: UInt8.self)
            place.storeBytes(of: keyID.bigEndian, toByteOffset: 1, as: UInt32.self)
            // A value of no bytes may have no address; any will do, since nothing is read.
            let start = plain.baseAddress.map(UnsafeMutableRawPointer.init(mutating:)) ?? place
            (values.baseAddress! + index).initialize(
                to: SIVValue(plain: start, sealed: place + Self.prefixCount, count: plain.count))
            place += (plain.count &+ Self.overhead &+ 15) & ~15
        }
        cipher.seal(values, using: workspace.siv)
        for index in 0..<fields.count {
            let value = values[index]
            let bytes = UnsafeRawBufferPointer(
                start: value.sealed - Self.prefixCount, count: value.count &+ Self.overhead)
            Base64.encode(
                bytes,
                into: UnsafeMutableRawBufferPointer(
                    start: fields[index].text, count: Self.sealedTextCount(value.count)))
        }
    }

    /// Opens the texts of one event in one pass and sets `isGenuine` and `plain` of each.
    ///
    /// - Returns: Whether all are genuine.
    package func open(_ fields: UnsafeMutableBufferPointer<FieldToOpen>, using workspace: FieldWorkspace) -> Bool {
        var total = 0
        for field in fields { total &+= 2 &* ((field.text.count / 4 &* 3 &+ 15) & ~15) }
        workspace.reserve(bytes: total, fields: fields.count)
        var place = workspace.bytes.baseAddress!
        var usable = 0
        for index in 0..<fields.count {
            fields[index].isGenuine = false
            fields[index].plain = UnsafeRawBufferPointer(start: nil, count: 0)
            let text = fields[index].text
            let room = (text.count / 4 &* 3 &+ 15) & ~15
            let target = UnsafeMutableRawBufferPointer(start: place, count: room)
            guard let count = Base64.decode(text, into: target, .standard), count >= Self.overhead,
                target[0] == 0x01,
                UInt32(bigEndian: place.loadUnaligned(fromByteOffset: 1, as: UInt32.self)) == keyID
            else { continue }
            (workspace.values.baseAddress! + usable).initialize(
                to: SIVValue(
                    plain: place + room, sealed: place + Self.prefixCount, count: count &- Self.overhead))
            (workspace.places.baseAddress! + usable).initialize(to: index)
            usable &+= 1
            place += 2 &* room
        }
        let values = UnsafeMutableBufferPointer(rebasing: workspace.values[0..<usable])
        _ = cipher.open(values, using: workspace.siv)
        var genuine = 0
        for slot in 0..<usable where values[slot].isGenuine {
            let plain = UnsafeRawBufferPointer(start: values[slot].plain, count: values[slot].count)
            // Sealed by a stranger with our key, a value may be anything; what is not text must not become a string.
            guard UTF8Check.isValid(plain) else { continue }
            fields[workspace.places[slot]].plain = plain
            fields[workspace.places[slot]].isGenuine = true
            genuine &+= 1
        }
        return genuine == fields.count
    }
}

// One value at a time, for command lines and tests.
extension FieldCipher {
    /// The sealed text of one value.
    package func seal(_ plain: String) -> String {
        var plain = plain
        return plain.withUTF8 { plain in
            String(unsafeUninitializedCapacity: Self.sealedTextCount(plain.count)) { out in
                let field = FieldToSeal(
                    plain: UnsafeRawBufferPointer(plain), text: UnsafeMutableRawPointer(out.baseAddress!))
                withUnsafePointer(to: field) { field in
                    seal(UnsafeBufferPointer(start: field, count: 1), using: FieldWorkspace())
                }
                return Self.sealedTextCount(plain.count)
            }
        }
    }

    /// The value of one sealed text.
    /// - Throws: `.badCipherText`.
    package func open(_ text: String) throws(PrivacyError) -> String {
        let workspace = FieldWorkspace()
        var text = text
        let plain: String? = text.withUTF8 { text in
            var field = FieldToOpen(text: UnsafeRawBufferPointer(text))
            return withUnsafeMutablePointer(to: &field) { field in
                guard open(UnsafeMutableBufferPointer(start: field, count: 1), using: workspace) else { return nil }
                return String(decoding: field.pointee.plain, as: UTF8.self)
            }
        }
        guard let plain else { throw .badCipherText }
        return plain
    }
}
