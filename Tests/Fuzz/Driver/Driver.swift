private import FuzzTargets
private import Glibc

// The two functions that libFuzzer's own `main` calls (https://llvm.org/docs/LibFuzzer.html). It starts itself again with
// the arguments that it got, so the target comes in the environment.

/// The target under test.
// Unchecked: set before the first input, and read by libFuzzer's one thread.
nonisolated(unsafe) private var target = FuzzTarget.json

/// Chooses the target. Without one it prints their names and ends.
@_cdecl("LLVMFuzzerInitialize")
func initialize(
    _ argumentCount: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> Int32 {
    let name = getenv("POLDER_FUZZ_TARGET").map { String(cString: $0) }
    guard let name, let chosen = FuzzTarget(rawValue: name) else {
        for target in FuzzTarget.allCases { print(target.rawValue) }
        exit(name == nil ? 0 : 2)
    }
    target = chosen
    return 0
}

/// Runs one input. Whatever is wrong ends the process, and libFuzzer keeps the input.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    do throws(BrokenInvariant) {
        try target.run(UnsafeRawBufferPointer(start: bytes, count: count))
    } catch {
        let line = Array("broken invariant: \(error)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
        abort()
    }
    return 0
}
