import Bytes
import HTTP2
import Testing

extension HPACKDecoder {
    /// The fields of a block, each as `name: value`.
    func lines(_ block: [UInt8]) throws -> [String] {
        try block.withUnsafeBytes { try decode($0) }.map {
            String(decoding: $0.name, as: UTF8.self) + ": " + String(decoding: $0.value, as: UTF8.self)
        }
    }

    func lines(hex block: String) throws -> [String] { try lines(bytes(block)) }
}

/// From hexadecimal digits, with spaces where they help to read.
func bytes(_ hex: String) -> [UInt8] { Hex.decode(hex.filter { $0 != " " && $0 != "\n" })! }

/// The examples of RFC 7541 appendix C, in its order.
@Suite struct RFC7541Tests {
    @Test(arguments: [("2a", 10), ("3f9a0a", 1337), ("3fe11f", 4096), ("3fe101", 256), ("20", 0)])
    func `C_1: integers, as sizes of the table`(_ block: String, _ size: Int) throws {
        let decoder = HPACKDecoder()
        #expect(try decoder.lines(hex: block).isEmpty)
        #expect(decoder.tableMaximum == size)
    }

    @Test func `C_2: the four representations`() throws {
        let decoder = HPACKDecoder()
        #expect(
            try decoder.lines(hex: "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572")
                == ["custom-key: custom-header"])
        #expect(decoder.tableSize == 55)
        let plain = HPACKDecoder()
        #expect(try plain.lines(hex: "040c 2f73 616d 706c 652f 7061 7468") == [":path: /sample/path"])
        #expect(try plain.lines(hex: "1008 7061 7373 776f 7264 0673 6563 7265 74") == ["password: secret"])
        #expect(try plain.lines(hex: "82") == [":method: GET"])
        #expect(plain.tableSize == 0)
    }

    private static let requests: [([String], Int)] = [
        ([":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"], 57),
        (
            [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", "cache-control: no-cache"], 110
        ),
        (
            [
                ":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com",
                "custom-key: custom-value",
            ], 164
        ),
    ]

    @Test(arguments: [
        [
            "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", "8286 84be 5808 6e6f 2d63 6163 6865",
            "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
        ],
        [
            "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", "8286 84be 5886 a8eb 1064 9cbf",
            "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
        ],
    ])
    func `C_3, C_4: requests on one connection, plain and Huffman-coded`(_ blocks: [String]) throws {
        let decoder = HPACKDecoder()
        for (block, (lines, size)) in zip(blocks, Self.requests) {
            #expect(try decoder.lines(hex: block) == lines)
            #expect(decoder.tableSize == size)
        }
    }

    private static let first = [
        ":status: 302", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT",
        "location: https://www.example.com",
    ]
    private static let third = [
        ":status: 200", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:22 GMT",
        "location: https://www.example.com", "content-encoding: gzip",
        "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    ]

    @Test(arguments: [
        [
            """
            4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d
            546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d
            """, "4803 3330 37c1 c0bf",
            """
            88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f
            6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b
            2076 6572 7369 6f6e 3d31
            """,
        ],
        [
            """
            4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7
            8f0b 97c8 e9ae 82ae 43d3
            """, "4883 640e ffc1 c0bf",
            """
            88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335
            dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07
            """,
        ],
    ])
    func `C_5, C_6: responses with a table of 256 bytes, from which entries are evicted`(_ blocks: [String]) throws {
        let decoder = HPACKDecoder()
        #expect(try decoder.lines(hex: "3fe101" + blocks[0]) == Self.first)
        #expect(decoder.tableSize == 222)
        #expect(try decoder.lines(hex: blocks[1]) == [":status: 307"] + Self.first.dropFirst())
        #expect(decoder.tableSize == 222)
        #expect(try decoder.lines(hex: blocks[2]) == Self.third)
        #expect(decoder.tableSize == 215)
        #expect(decoder.tableCount == 3)
    }
}

/// What RFC 7541 forbids.
@Suite struct HPACKRefusalTests {
    @Test(arguments: [
        ("§6.1: index 0", "80"),
        ("§2.3.3: an index behind the tables", "be"),
        ("§2.3.3: a name's index behind the tables", "7f0001 61"),
        ("§2.3.3: the same, not to be remembered", "0f7000 61"),
        ("§5.1: an integer that ends too early", "ff"),
        ("§5.1: an integer that goes on for ever", "ffffffffffffffffff01"),
        ("§5.1: an integer beyond all sense", "7fffffffff7f 0161"),
        ("§5.2: a string that ends too early", "0005616263"),
        ("§5.2: a value that is not there", "000161"),
        ("§5.2: padding of zeros", "00 81 18 00"),
        ("§5.2: padding of eight bits", "00 82 1f ff 00"),
        ("§5.2: padding of sixteen bits", "00 83 1f ffff 00"),
        ("§5.2: the end of string, coded", "00 84 ffffffff 00"),
        ("§5.2: the end of string behind a letter", "00 85 1f ffffffff 00"),
        ("§5.2: a rare code that ends too early", "00 81 fe 00"),
        ("§4.2: a size update behind a field", "82 20"),
        ("§6.3: a size above the limit", "3fe21f"),
    ])
    func `a broken block is refused`(_ rule: String, _ block: String) {
        #expect(throws: HTTP2Error.self) { try HPACKDecoder().lines(hex: block) }
    }

    @Test func `a size update may stand at the beginning, twice, and shrinks the table`() throws {
        let decoder = HPACKDecoder()
        _ = try decoder.lines(hex: "4001 61 01 62")
        #expect(decoder.tableCount == 1)
        #expect(try decoder.lines(hex: "20 3fe11f 82") == [":method: GET"])
        #expect(decoder.tableCount == 0)
        #expect(decoder.tableMaximum == 4096)
    }

    @Test func `an entry larger than the table empties it, and is no error`() throws {
        let decoder = HPACKDecoder()
        _ = try decoder.lines(hex: "4001 61 01 62")
        let large = [0x40, 1, 0x61, 0x7f, 0xe1, 0x1f] + [UInt8](repeating: 0x78, count: 127 + 0x61 + 0x1f * 128)
        #expect(try decoder.lines(large).count == 1)
        #expect(decoder.tableCount == 0)
    }

    @Test func `a name from an entry that its own insertion evicts is copied first`() throws {
        let decoder = HPACKDecoder()
        let name = String(repeating: "n", count: 100)
        #expect(try decoder.lines([0x3f, 0x90, 0x01, 0x40, 100] + Array(name.utf8) + [0]) == ["\(name): "])
        #expect(decoder.tableMaximum == 175)
        // Index 62, and a value that leaves no room for the old entry.
        #expect(
            try decoder.lines([0x7e, 20] + [UInt8](repeating: 0x76, count: 20)) == [
                "\(name): \(String(repeating: "v", count: 20))"
            ])
        #expect(decoder.tableCount == 1)
        #expect(try decoder.lines(hex: "be") == ["\(name): \(String(repeating: "v", count: 20))"])
    }
}
