import Testing
import Wire

@Suite struct EventRecordTests {
    @Test func `a header is a zero byte and the schema id in big-endian`() {
        #expect(EventRecord.header(schemaID: 0x0102_0304) == [0, 1, 2, 3, 4])
    }

    @Test(arguments: [0, 1, 77, Int32.max, -1])
    func `a schema id survives the way into a record and back`(_ id: Int32) throws {
        let record = EventRecord.header(schemaID: id) + [9, 9]
        #expect(try record.withUnsafeBytes { bytes throws(WireError) in try EventRecord.schemaID(of: bytes) } == id)
    }

    @Test(arguments: [[], [0, 0, 0, 0], [1, 0, 0, 0, 1, 5]] as [[UInt8]])
    func `bytes without the frame are refused`(_ bytes: [UInt8]) {
        #expect(throws: WireError.notFramed) {
            try bytes.withUnsafeBytes { bytes throws(WireError) in try EventRecord.schemaID(of: bytes) }
        }
    }
}

@Suite struct ReferencesTests {
    @Test func `a contract reference is three parts and a version`() throws {
        let ref = try #require(ContractRef("strmprivacy/example/1.3.0"))
        #expect(ref == ContractRef(handle: "strmprivacy", name: "example", version: "1.3.0"))
        #expect("\(ref)" == "strmprivacy/example/1.3.0")
    }

    @Test(arguments: ["", "a/b", "a/b/1", "a/b/1.0", "a/b/1.0.x", "/b/1.0.0", "a//1.0.0", "a/b/1.0.0/d", "a/b/1..0"])
    func `anything else is no contract reference`(_ text: String) {
        #expect(ContractRef(text) == nil)
    }

    @Test func `a key link is printed as it was read, in lower case`() {
        #expect(KeyLink("1867D5AD-f1fb-4faa-af98-f863a4f9e3e4")?.description == "1867d5ad-f1fb-4faa-af98-f863a4f9e3e4")
    }

    @Test(arguments: [
        "", "1867d5ad-f1fb-4faa-af98-f863a4f9e3e", "1867d5ad-f1fb-4faa-af98-f863a4f9e3e4a",
        "1867d5adf-1fb-4faa-af98-f863a4f9e3e4", "g867d5ad-f1fb-4faa-af98-f863a4f9e3e4",
    ])
    func `other texts are no key link`(_ text: String) {
        #expect(KeyLink(text) == nil)
    }

    @Test func `a random key link is a version 4 UUID`() {
        var generator = SystemRandomNumberGenerator()
        let text = Array(KeyLink.random(using: &generator).description)
        #expect(text[14] == "4")
        #expect("89ab".contains(text[19]))
    }

    @Test func `a topic name is safe as a file name`() {
        #expect(TopicName("stream-1867d5ad-f1fb-4faa-af98-f863a4f9e3e4") != nil)
        for bad in ["", ".", "..", "a/b", "a b", "é", String(repeating: "a", count: 250)] {
            #expect(TopicName(bad) == nil)
        }
    }
}
