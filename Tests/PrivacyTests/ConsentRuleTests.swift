import API
import Privacy
import Testing

@Suite struct ConsentRuleTests {
    @Test(arguments: [
        ([0], [0], true), ([0], [], false), ([0], [1], false), ([0], [0, 1, 2, 3], true),
        ([0, 1], [0], false), ([0, 1], [1, 0], true), ([0, 1], [0, 2], false), ([0, 1], [0, 0, 1, 1], true),
        ([2, 70], [2], false), ([2, 70], [2, 70], true), ([2, 70], [70, 71, 2], true), ([2, 70], [6, 2], false),
        ([63, 64], [63], false), ([63, 64], [64], false), ([63, 64], [64, 63], true), ([0], [-1], false),
    ])
    func `granular: the event must consent to everything that the stream asks`(
        _ asked: [Int32], _ given: [Int32], _ passes: Bool
    ) throws {
        for type in [ConsentLevelType.granular, .unspecified] {
            #expect(try ConsentRule(type: type, levels: asked).admits(given) == passes)
        }
    }

    @Test func `granular: exactly the asked levels are opened, whatever else the event consents to`() throws {
        let rule = try ConsentRule(type: .granular, levels: [0, 2, 99])
        #expect((0...100).filter { rule.opens(level: $0) } == [0, 2, 99])
    }

    @Test(arguments: [
        (2, [2], true), (2, [3], true), (2, [0, 1], false), (2, [], false), (0, [0], true), (0, [], false),
        (2, [0, 5], true), (0, [-1], false), (64, [63], false), (64, [64], true),
    ])
    func `cumulative: the event's highest level must reach the stream's`(
        _ asked: Int32, _ given: [Int32], _ passes: Bool
    ) throws {
        #expect(try ConsentRule(type: .cumulative, levels: [asked]).admits(given) == passes)
    }

    @Test func `cumulative: every level up to the stream's is opened`() throws {
        let rule = try ConsentRule(type: .cumulative, levels: [2])
        #expect((0...5).filter { rule.opens(level: $0) } == [0, 1, 2])
    }

    @Test func `fifty levels beyond 63 all count`() throws {
        let levels = (100..<150).map(Int32.init)
        let rule = try ConsentRule(type: .granular, levels: levels)
        #expect(rule.admits(levels.reversed()))
        for missing in levels { #expect(!rule.admits(levels.filter { $0 != missing })) }
    }

    @Test(
        arguments: [
            (ConsentLevelType.granular, []), (.granular, [-1]), (.granular, (0...50).map(Int32.init)),
            (.cumulative, [1, 2]),
            (.cumulative, []),
        ] as [(ConsentLevelType, [Int32])])
    func `a rule that makes no sense is refused`(_ type: ConsentLevelType, _ levels: [Int32]) {
        #expect(throws: PrivacyError.self) { _ = try ConsentRule(type: type, levels: levels) }
    }
}
