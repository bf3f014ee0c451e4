import Gzip
import TestKit
import Testing

@Suite struct GzipTests {
    @Test func `what is compressed comes back, whatever it is`() throws {
        var generator = SeededGenerator(seed: 1952)
        for count in [0, 1, 100, 65_535, 65_536, 65_537, 3_000_000] {
            let noise = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let zeros = [UInt8](repeating: 0, count: count)
            for bytes in [noise, zeros] {
                let same = try Gzip.decompress(Gzip.compress(bytes), limit: count) == bytes
                #expect(same, "\(count) bytes")
            }
        }
    }

    @Test func `the gzip program reads ours, and we read its`() async throws {
        let folder = try TemporaryFolder()
        let text = Array(String(repeating: "personal data stays inside; ", count: 1000).utf8)
        let ours = try folder.write("ours.gz", Gzip.compress(text))
        #expect(try await runTool("gzip", ["-dc", ours]).outputBytes == text)
        let plain = try folder.write("plain", text)
        for level in ["-1", "-9"] {
            let theirs = try await runTool("gzip", [level, "-c", plain]).outputBytes
            #expect(try Gzip.decompress(theirs, limit: text.count) == text)
        }
    }

    @Test func `what unpacks to more than the limit is refused`() throws {
        let bomb = try Gzip.compress([UInt8](repeating: 0, count: 100 << 20))
        #expect(bomb.count < 1 << 20)
        #expect(throws: GzipError.tooLarge(limit: 4 << 20)) { try Gzip.decompress(bomb, limit: 4 << 20) }
        let exact = try Gzip.compress([UInt8](repeating: 0, count: 1000))
        #expect(try Gzip.decompress(exact, limit: 1000).count == 1000)
        #expect(throws: GzipError.tooLarge(limit: 999)) { try Gzip.decompress(exact, limit: 999) }
        #expect(throws: GzipError.tooLarge(limit: 0)) { try Gzip.decompress(exact, limit: 0) }
    }

    @Test func `damaged bytes are refused`() throws {
        let good = try Gzip.compress(Array("a message of some length, a message of some length".utf8))
        for length in good.indices {
            #expect(throws: GzipError.malformed) { try Gzip.decompress(Array(good[..<length]), limit: 1000) }
        }
        #expect(throws: GzipError.malformed) { try Gzip.decompress(good + [0], limit: 1000) }
        #expect(throws: GzipError.malformed) { try Gzip.decompress(Array("not gzip at all".utf8), limit: 1000) }
        var wrongSum = good
        wrongSum[good.count - 8] ^= 1
        #expect(throws: GzipError.malformed) { try Gzip.decompress(wrongSum, limit: 1000) }
    }
}
