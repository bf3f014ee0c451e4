import Crypto
import Privacy
import TestKit
import Testing

/// Google Tink (PyPI `tink`) judges: it opens what we seal, and we open what it seals.
@Suite struct TinkTests {
    /// Every length up to 80, the neighbourhoods of block and buffer sizes, then random lengths up to 4096.
    static func values(count: Int, seed: UInt64) -> [String] {
        var generator = SeededGenerator(seed: seed)
        let edges = Array(0...80) + [95, 96, 97, 127, 128, 129, 255, 256, 257, 1023, 1024, 1025, 4080, 4095, 4096]
        return (0..<count).map { index in
            let length =
                index < edges.count
                ? edges[index] : Int.random(in: 0...(index.isMultiple(of: 8) ? 4096 : 64), using: &generator)
            return text(ofByteCount: length, using: &generator)
        }
    }

    /// Text of exactly so many UTF-8 bytes, with characters of one to four bytes.
    static func text(ofByteCount count: Int, using generator: inout SeededGenerator) -> String {
        var result = String.UnicodeScalarView()
        var left = count
        while left > 0 {
            let width = Int.random(in: 1...min(4, left), using: &generator)
            let range: ClosedRange<UInt32> =
                switch width {
                case 1: 0x20...0x7E
                case 2: 0x80...0x7FF
                case 3: 0x800...0xD7FF
                default: 0x1_0000...0x10_FFFF
                }
            result.append(Unicode.Scalar(UInt32.random(in: range, using: &generator))!)
            left -= width
        }
        return String(result)
    }

    /// Reads lines of `hex(plain) text`, checks both directions, then writes Tink's text of every value and, for every
    /// third one, says whether a tampered text was refused.
    static let judge = """
        import sys, io, base64
        import tink
        from tink import daead, secret_key_access, json_proto_keyset_format
        daead.register()
        lines = sys.stdin.read().split("\\n")
        handle = json_proto_keyset_format.parse(lines[0], secret_key_access.TOKEN)
        primitive = handle.primitive(daead.DeterministicAead)
        out = []
        for number, line in enumerate(lines[1:]):
            if not line: continue
            plain, text = line.split(" ")
            plain = bytes.fromhex(plain)
            sealed = base64.b64decode(text, validate=True)
            assert primitive.decrypt_deterministically(sealed, b"") == plain, number
            again = primitive.encrypt_deterministically(plain, b"")
            assert again == sealed, number
            changed = bytearray(sealed)
            changed[(number * 31) % len(changed)] ^= 1 << (number % 8)
            try:
                primitive.decrypt_deterministically(bytes(changed), b"")
                raise SystemExit("tink opened a changed text")
            except tink.TinkError:
                pass
            out.append(base64.b64encode(again).decode() + " " + base64.b64encode(bytes(changed)).decode())
        print("\\n".join(out))
        """

    @Test func `Tink reads ten thousand of our values, we read its, and both refuse changed ones`() async throws {
        let key = try DataKey.random()
        let cipher = try FieldCipher(key: key, link: Fixture.link)
        let values = Self.values(count: 10_500, seed: 5297)
        let keyset = Keyset.json(of: key).withBytes { String(decoding: $0, as: UTF8.self) }
        // Events of one to twelve fields, so that lock-step passes of all shapes are judged.
        var texts: [String] = []
        var start = 0
        while start < values.count {
            let end = min(values.count, start + 1 + start % 12)
            texts += try Fixture.seal(values[start..<end].map { Array($0.utf8) }, with: cipher)
            start = end
        }
        let lines = zip(values, texts).map { "\(hex(Array($0.utf8))) \($1)" }
        let input = ([keyset] + lines).joined(separator: "\n")
        let answer = try await Strangers.runPython(Self.judge, input: Array(input.utf8))
        let answers = answer.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        try #require(answers.count == values.count)
        #expect(zip(answers, texts).allSatisfy { $0[0] == $1 })
        start = 0
        while start < values.count {
            let end = min(values.count, start + 1 + start % 12)
            #expect(Fixture.open(answers[start..<end].map { $0[0] }, with: cipher) == values[start..<end].map { $0 })
            #expect(Fixture.open(answers[start..<end].map { $0[1] }, with: cipher).allSatisfy { $0 == nil })
            start = end
        }
    }

    @Test func `what Tink refuses we refuse: cut, longer, foreign, shifted and otherwise bound texts`() async throws {
        let script = """
            import sys, base64, tink
            from tink import daead, secret_key_access, json_proto_keyset_format
            daead.register()
            handle = json_proto_keyset_format.parse(sys.stdin.read(), secret_key_access.TOKEN)
            primitive = handle.primitive(daead.DeterministicAead)
            seen = 0
            def judge(what, text):
                global seen
                try:
                    primitive.decrypt_deterministically(text, b"")
                    raise SystemExit("tink opened: " + what)
                except tink.TinkError:
                    seen += 1
                    print(what, base64.b64encode(text).decode())
            for length in [0, 1, 5, 15, 16, 17, 31, 32, 33, 47, 48, 64, 255]:
                plain = bytes((65 + n % 26) for n in range(length))
                good = primitive.encrypt_deterministically(plain, b"")
                for cut in range(1, len(good) + 1):
                    if cut < 24 or cut == len(good): judge("cut", good[:-cut])
                for start in range(1, 6): judge("begun-late", good[start:])
                for extra in [b"\\0", b"A", bytes(15), bytes(16), good]: judge("longer", good + extra)
                for bit in range(8 * min(len(good), 40)):
                    changed = bytearray(good)
                    changed[bit // 8] ^= 1 << (bit % 8)
                    judge("bit", bytes(changed))
                judge("no-prefix", good[5:])
                judge("other-prefix", b"\\0" + good[1:])
                judge("zero-siv", good[:5] + bytes(16) + good[21:])
                if length: judge("swapped", good[:5] + good[21:] + good[5:21])
                judge("bound", primitive.encrypt_deterministically(plain, b"x"))
                judge("bound-zero", primitive.encrypt_deterministically(plain, b"\\0"))
            judge("empty", b"")
            """
        let key = try DataKey.random()
        let cipher = try FieldCipher(key: key, link: Fixture.link)
        let keyset = Keyset.json(of: key).withBytes { [UInt8]($0) }
        let lines = try await Strangers.runPython(script, input: keyset).output.split(separator: "\n")
        #expect(lines.count > 3000)
        let texts = lines.map { $0.split(separator: " ", omittingEmptySubsequences: false).last.map(String.init) ?? "" }
        #expect(Fixture.open(texts, with: cipher).allSatisfy { $0 == nil })
    }

    @Test func `a keyset that Tink made is read, and its values open`() async throws {
        let script = """
            import sys, io, base64, tink
            from tink import daead, secret_key_access, json_proto_keyset_format
            daead.register()
            handle = tink.new_keyset_handle(daead.deterministic_aead_key_templates.AES256_SIV)
            text = json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN)
            print(" ".join(text.split()))
            primitive = handle.primitive(daead.DeterministicAead)
            for n in range(64):
                print(base64.b64encode(primitive.encrypt_deterministically(("v" * n).encode(), b"")).decode())
            """
        let lines = try await Strangers.runPython(script).output.split(separator: "\n").map(String.init)
        let key = try Keyset.parse(SecretBytes(copying: Array(lines[0].utf8)))
        let cipher = try FieldCipher(key: key, link: Fixture.link)
        #expect(
            Fixture.open(Array(lines[1...]), with: cipher) == (0..<64).map { String(repeating: "v", count: $0) })
    }

    private func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
