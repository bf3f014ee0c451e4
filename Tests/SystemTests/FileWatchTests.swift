import System
import TestKit
import Testing

@Suite struct FileWatchTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `a write to the file ends the wait, and is forgotten on request`() throws {
        let file = try FileDescriptor.openForOverwriting(folder.file("tail"), mode: 0o600)
        var watch = try FileWatch()
        let answer1 = watch.watch(folder.file("tail"))
        #expect(answer1)
        let answer2 = watch.wait(.milliseconds(1))
        #expect(!answer2)
        [UInt8](repeating: 1, count: 8).withUnsafeBytes { _ = FileDescriptor.overwrite(raw: file.raw, $0) }
        let answer3 = watch.wait(.seconds(10))
        #expect(answer3)
        watch.discardEvents()
        let answer4 = watch.wait(.milliseconds(1))
        #expect(!answer4)
    }

    @Test func `overwriting does not make the file longer`() throws {
        let file = try FileDescriptor.openForOverwriting(folder.file("tail"), mode: 0o600)
        for byte in [1, 2, 3] as [UInt8] {
            [UInt8](repeating: byte, count: 8).withUnsafeBytes { _ = FileDescriptor.overwrite(raw: file.raw, $0) }
        }
        #expect(try File.read(folder.file("tail")) == [UInt8](repeating: 3, count: 8))
    }

    @Test func `a file that is not there cannot be watched`() throws {
        var watch = try FileWatch()
        let answer5 = watch.watch(folder.file("absent"))
        #expect(!answer5)
    }

    @Test func `removing the file ends the wait`() throws {
        try File.writeAtomically(folder.file("tail"), [1])
        var watch = try FileWatch()
        let answer6 = watch.watch(folder.file("tail"))
        #expect(answer6)
        try File.remove(folder.file("tail"))
        let answer7 = watch.wait(.seconds(10))
        #expect(answer7)
    }
}
