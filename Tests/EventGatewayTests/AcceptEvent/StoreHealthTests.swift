import EventGateway
import EventLog
import KeyVault
import SQLite
import System
import TestKit
import Testing
import Wire

@Suite struct StoreHealthTests {
    private let one = TopicName("stream-one")!
    private let two = TopicName("stream-two")!

    @Test func `a full disk concerns all topics, at once, until one commits`() {
        let health = StoreHealth()
        health.committed(one)
        health.committed(two)
        #expect(!health.isFailing)
        health.failed(one, .store(one, .full(during: "commit")))
        #expect(health.isFailing)
        health.committed(two)
        #expect(!health.isFailing)
    }

    @Test func `one topic's damage does not take the gateway away from the others`() {
        let health = StoreHealth()
        health.failed(one, .unusable(one, .corrupt(during: "commit")))
        #expect(health.isFailing, "nothing is known to work")
        health.committed(two)
        #expect(!health.isFailing)
        health.failed(one, .unusable(one, .corrupt(during: "commit")))
        health.failed(one, .store(one, .ioError(during: "commit", extended: 10)))
        #expect(!health.isFailing)
        health.failed(two, .store(two, .ioError(during: "commit", extended: 10)))
        #expect(health.isFailing)
    }

    @Test func `what waits, and what is the caller's, says nothing about the store`() {
        let health = StoreHealth()
        health.failed(one, .overloaded(one))
        health.failed(KeyVaultError.overloaded)
        #expect(!health.isFailing)
        health.failed(KeyVaultError.store(.full(during: "commit")))
        #expect(health.isFailing)
    }

    @Test func `a probe lets events come back when the disk takes a write`() throws {
        let folder = try TemporaryFolder()
        let health = StoreHealth()
        let probe = ProbeStore(folder: folder.file("topics"), health: health)
        health.failed(one, .store(one, .full(during: "commit")))
        probe.turn()
        #expect(health.isFailing, "there is no such folder")
        try folder.makeFolder("topics")
        probe.turn()
        #expect(!health.isFailing)
        #expect(try Directory.list(folder.file("topics")).isEmpty)
        // The only topic is out of service: no write of ours changes that.
        health.failed(one, .unusable(one, .corrupt(during: "commit")))
        probe.turn()
        #expect(health.isFailing)
    }
}
