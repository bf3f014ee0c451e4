import FuzzTargets
import System
import Testing

/// Every input that was ever interesting, run again: seeds, what the fuzzer found worth keeping, and its findings.
@Suite struct CorpusTests {
    @Test(arguments: FuzzTarget.allCases)
    func `no input of the corpus breaks a promise`(_ target: FuzzTarget) throws {
        let inputs = try corpus(of: target)
        #expect(!inputs.isEmpty, "every target has at least a seed")
        for (name, bytes) in inputs {
            let finding = target.finding(in: bytes)
            #expect(finding == nil, "\(target.rawValue)/\(name)")
        }
    }
}

/// The files of a target's folder, by name.
private func corpus(of target: FuzzTarget) throws(SystemError) -> [(name: String, bytes: [UInt8])] {
    let folder = File.parent(of: File.parent(of: #filePath)) + "/Fuzz/corpus/" + target.rawValue
    var inputs: [(name: String, bytes: [UInt8])] = []
    for name in try Directory.list(folder).sorted() {
        inputs.append((name, try File.read("\(folder)/\(name)")))
    }
    return inputs
}
