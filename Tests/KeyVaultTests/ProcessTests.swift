import Crypto
import EventLoop
import Faults
import Glibc
import KeyVault
import Privacy
import SQLite
import System
import TestKit
import Testing
import Time
import Wire

/// Vaults in processes of their own.
@Suite struct ProcessTests {
    @Test func `processes that race for the same people agree on one key each`() async throws {
        let folder = try TemporaryFolder()
        // Made beforehand, so that the race is about keys alone.
        try openVault(folder.path).close()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    await #expect(processExitsWith: .success) { [path = folder.path as String] in
                        try resolveEverybody(path)
                    }
                }
            }
        }
        let answers = try folder.names().filter { $0.hasPrefix("links-") }
        #expect(answers.count == 4)
        #expect(Set(try answers.map { try folder.readText($0) }).count == 1)
        let database = try Database(folder.file("keys.db"), Database.Options(.read))
        #expect(try database.integer("SELECT count(*) FROM data_key") == 60)
    }

    @Test func `a vault opens on a full disk, refuses, and serves as soon as there is room`() async throws {
        let folder = try TemporaryFolder()
        do {
            let vault = try openVault(folder.path)
            let loop = try EventLoop(name: "first")
            guard case .key? = resolve(vault, ["ann"], loop).first else { throw Failure() }
            vault.close()
            loop.stop()
        }
        try #require(!folder.has("keys.db-shm"), "nothing is left beside the database after a clean stop")
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            try openOnFullDisk(path)
        }
    }

    @Test func `a full disk fails the request, and the vault goes on when there is room`() async throws {
        let folder = try TemporaryFolder()
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            try makeKeysOnFullDisk(path)
        }
    }
}

/// Opening takes a new file beside the database, for which there is no room.
private func openOnFullDisk(_ folder: String) throws {
    signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    let unlimited = limit.rlim_cur
    limit.rlim_cur = 100
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    let vault = try openVault(folder)
    try #require(vault.failureAtStart != nil)
    let loop = try EventLoop(name: "full")
    guard case .failed(let error)? = resolve(vault, ["ann"], loop).first else { throw Failure() }
    #expect(error.retry == .afterBackoff)
    limit.rlim_cur = unlimited
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    guard case .key(_, isNew: false)? = resolve(vault, ["ann"], loop).first else { throw Failure() }
}

private func openVault(_ folder: String) throws -> SQLiteKeyVault {
    try SQLiteKeyVault(
        path: folder + "/keys.db", kek: SecretFile.load(folder + "/kek", creating: true),
        hash: PersonHash(owning: SecretFile.load(folder + "/hash.key", creating: true)))
}

private func resolve(_ vault: SQLiteKeyVault, _ people: [String], _ loop: EventLoop) -> [KeyOutcome] {
    let answer = Monitor<[KeyOutcome]?>(nil)
    let requests = people.map { KeyRequest(stream: "demo", keyField: PlainBytes(Array($0.utf8))) }
    vault.resolve(requests, now: Timestamp(milliseconds: 1_767_225_600_000), on: loop) { outcomes in
        answer.change { $0 = outcomes }
    }
    return answer.wait(upTo: .seconds(60)) { $0 } ?? []
}

/// Asks for sixty people in an order of its own, one by one, and writes down what it got, sorted by person.
private func resolveEverybody(_ folder: String) throws {
    let vault = try openVault(folder)
    let loop = try EventLoop(name: "race")
    var links: [String: String] = [:]
    for person in (0..<60).shuffled().map({ "person-\($0)" }) {
        guard case .key(let key, _)? = resolve(vault, [person], loop).first else { throw Failure() }
        links[person] = key.link.description
    }
    let text = links.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()
    try File.writeAtomically("\(folder)/links-\(ThisProcess.id)", Array(text.utf8))
}

/// A file-size limit stands for the full disk: it works without root, and in every container.
private func makeKeysOnFullDisk(_ folder: String) throws {
    signal(SIGXFSZ, SIG_IGN)
    let vault = try openVault(folder)
    let loop = try EventLoop(name: "full")
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    let unlimited = limit.rlim_cur
    limit.rlim_cur = 600_000
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    var made: [String] = []
    var failure: KeyVaultError?
    while failure == nil {
        let person = "person-\(made.count)"
        switch resolve(vault, [person], loop).first {
        case .key: made.append(person)
        case .failed(let error): failure = error
        case nil: throw Failure()
        }
        try #require(made.count < 10_000, "the limit was never met")
    }
    #expect(failure?.retry == .afterBackoff)
    #expect(failure?.blame == .upstream)
    // Keys that exist are still served.
    #expect(resolve(vault, ["person-0"], loop).allSatisfy { if case .key = $0 { true } else { false } })
    limit.rlim_cur = unlimited
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    let again = resolve(vault, ["person-\(made.count)"], loop)
    #expect(again.allSatisfy { if case .key = $0 { true } else { false } } && again.count == 1)
}

private struct Failure: Error {}
