import Bytes
import Contracts
import Testing
import Wire

@Suite struct StoredEventTests {
    private static let order = """
        {"total": 5, "email": "SEALED1", "tags": ["SEALED2", "SEALED3"], "address": null,
         "lines": [{"article": "one", "giftFor": null, "notes": ["SEALED4"]}, {"article": "two", "giftFor": "SEALED5"}],
         "strmMeta": {"eventContractRef": "shop/order/1.0.0", "keyLink": "7573fc76-0000-4000-8000-000000000000",
           "nonce": 1, "timestamp": 2, "consentLevels": [0, 3]}}
        """

    private func record(_ json: String, id: [UInt8] = [1, 2, 3, 4]) throws -> [UInt8] {
        [0] + id + (try datum(Fixture.shopSchema, json))
    }

    @Test func `a record shows its consent, its key link, its sealed and its masked values`() throws {
        let ref = try #require(ContractRef("shop/order/1.0.0"))
        let stored = StoredEvent(catalog: try Fixture.catalog(masked: [ref: ["lines/article", "email", "gone"]]))
        try record(Self.order).withUnsafeBytes { record in
            try stored.read(record)
            #expect(stored.keyLink?.text == "7573fc76-0000-4000-8000-000000000000")
            #expect(Array(stored.consentLevels) == [0, 3])
            #expect(
                stored.values.map(\.text.text) == ["SEALED1", "SEALED2", "SEALED3", "one", "SEALED4", "two", "SEALED5"])
            #expect(stored.values.map(\.level) == [1, 0, 0, -1, 3, -1, 2])
            let fields = try #require(stored.program).fields
            #expect(
                stored.values.map { fields[Int($0.field)].path } == [
                    "email", "tags", "tags", "lines/article", "lines/notes", "lines/article", "lines/giftFor",
                ])
        }
    }

    @Test func `a record is written again with some values replaced, as often as there are streams`() throws {
        let ref = try #require(ContractRef("shop/order/1.0.0"))
        let stored = StoredEvent(catalog: try Fixture.catalog(masked: [ref: ["lines/article"]]))
        let record = try record(Self.order)
        let plain = Array("plain text".utf8)
        try record.withUnsafeBytes { bytes in
            try stored.read(bytes)
            try plain.withUnsafeBytes { plain throws in
                var output = OutputBuffer()
                stored.write(into: &output) { _ in nil }
                #expect(output.copyBytes() == record)
                output.removeAll()
                stored.write(into: &output) { index in index == 0 || index == 3 || index == 6 ? plain : nil }
                #expect(Array(output.bytes[..<5]) == [0, 1, 2, 3, 4])
                #expect(
                    try json(Fixture.shopSchema, Array(output.bytes[5...]))
                        == #"{"total":5,"email":"plain text","tags":["SEALED2","SEALED3"],"lines":[{"article":"plain text","#
                        + #""giftFor":null,"notes":["SEALED4"]},{"article":"two","giftFor":"plain text","notes":[]}],"#
                        + #""address":null,"strmMeta":{"eventContractRef":"shop/order/1.0.0","nonce":1,"timestamp":2,"#
                        + #""keyLink":"7573fc76-0000-4000-8000-000000000000","billingId":null,"consentLevels":[0,3]}}"#)
            }
        }
    }

    @Test func `a record without its key link still reads`() throws {
        let stored = StoredEvent(catalog: try Fixture.catalog())
        let json = Self.order.replacing(#""7573fc76-0000-4000-8000-000000000000""#, with: "null")
        try record(json).withUnsafeBytes { record in
            try stored.read(record)
            #expect(stored.keyLink == nil)
            #expect(stored.values.count == 5)
        }
    }

    @Test func `what is no record is refused for its reason`() throws {
        let stored = StoredEvent(catalog: try Fixture.catalog())
        func failure(_ record: [UInt8]) -> ContractsError? {
            record.withUnsafeBytes { record in
                do throws(ContractsError) {
                    try stored.read(record)
                    return nil
                } catch {
                    return error
                }
            }
        }
        let good = try record(Self.order)
        #expect(failure(good) == nil)
        #expect(failure([]) == .notFramed)
        #expect(failure([0, 0, 0]) == .notFramed)
        #expect(failure([1] + good.dropFirst()) == .notFramed)
        #expect(failure(try record(Self.order, id: [0, 0, 0, 99])) == .unknownSchema(id: 99))
        #expect(failure(try record(Self.order.replacing("shop/order", with: "shop/other"))) == .unknownContract)
        #expect(
            failure(
                try record(
                    Self.order.replacing("shop/order", with: "strmprivacy/example").replacing("1.0.0", with: "1.3.0")))
                == .unknownContract)
        guard case .malformedRecord = failure(Array(good.dropLast())) else {
            Issue.record("a cut record is read")
            return
        }
    }

    @Test func `archived contracts still read, and a schema can come from elsewhere`() throws {
        let catalog = try Fixture.catalog()
        let stored = StoredEvent(catalog: catalog)
        let json =
            #"{"strmMeta":{"eventContractRef":"strmprivacy/archived/1.0.0","consentLevels":[]},"consistentValue":"x"}"#
        let value = try [0, 0, 0, 0, 99] + datum(Fixture.demoSchema, json)
        let schema = try CompiledSchema(ref: ContractRef(), id: 99, definition: Fixture.demoSchema)
        try value.withUnsafeBytes { record in
            #expect(throws: ContractsError.unknownSchema(id: 99)) { try stored.read(record) }
            try stored.read(record, schema: schema)
            #expect(stored.program?.contract.state == .archived)
        }
    }
}
