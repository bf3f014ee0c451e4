import GRPC

/// A message with every kind of field.
struct Sample: ProtoMessage {
    static let protoName = "sample.Sample"

    var text = ""
    var data: [UInt8] = []
    var flag = false
    var small: Int32 = 0
    var large: Int64 = 0
    @Open var colour: Colour
    @Required var inner: Inner
    var other: Inner?
    var words: [String] = []
    var numbers: [Int32] = []
    var colours: [Open<Colour>] = []
    var inners: [Inner] = []
    var levels: [String: Int32] = [:]
    var named: [String: Inner] = [:]
    var choice: Choice?
    var time: ProtoTimestamp?
    var interval: ProtoDuration?
    var mask: FieldMask?
    var child: [Sample] = []

    mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "text", &text, [.length(2...5)])
        fields.bytes(2, "data", &data)
        fields.flag(3, "flag", &flag)
        fields.int32(4, "small", &small, in: 0 ... .max)
        fields.int64(5, "large", &large, in: -5...5)
        fields.enumeration(6, "colour", &$colour)
        fields.message(7, "inner", &$inner)
        fields.message(8, "other", &other)
        fields.texts(9, "words", &words, count: 0...3, unique: true, each: [.required])
        fields.int32s(10, "numbers", &numbers, count: 0...4, in: 0 ... .max)
        fields.enumerations(11, "colours", &colours)
        fields.messages(12, "inners", &inners, count: 0...2)
        fields.int32Map(13, "levels", &levels, in: 0 ... .max)
        fields.messageMap(14, "named", &named)
        fields.oneof("choice", &choice, required: true)
        fields.message(17, "time", &time)
        fields.duration(18, "interval", &interval, in: 30...3600)
        fields.message(19, "mask", &mask)
        fields.messages(20, "child", &child)
    }

    enum Colour: Int32, ProtoEnum {
        static let protoName = "sample.Colour"
        static let names = ["COLOUR_UNSPECIFIED", "RED", "BLUE"]

        case unspecified = 0
        case red = 1
        case blue = 5
    }

    enum Choice: ProtoOneof {
        case one(Inner)
        case two(Inner)

        static func visit(_ members: inout OneofMembers<Choice>) {
            members.message(15, "oneInner", Choice.one) { if case .one(let value) = $0 { value } else { nil } }
            members.message(16, "twoInner", Choice.two) { if case .two(let value) = $0 { value } else { nil } }
        }
    }
}

struct Inner: ProtoMessage {
    static let protoName = "sample.Inner"

    var name = ""
    var count: Int32 = 0

    init() {}

    init(_ name: String, _ count: Int32 = 0) {
        self.name = name
        self.count = count
    }

    mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "name", &name, [.required])
        fields.int32(2, "count", &count)
    }
}
