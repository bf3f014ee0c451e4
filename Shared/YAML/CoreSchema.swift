internal import JSON

/// Which type a plain scalar has: YAML 1.2.2 §10.3.2, the core schema.
enum CoreSchema {
    static func value(of text: String, line: Int) throws(YAMLError) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        let bytes = Array(text.utf8)
        let signs = bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+") ? 1 : 0
        let unsigned = bytes[signs...]
        guard let first = unsigned.first else { return .string(text) }
        if text.hasPrefix("0x") || text.hasPrefix("0o") {
            let radix = text.hasPrefix("0x") ? 16 : 8
            let digits = bytes[2...]
            guard !digits.isEmpty, digits.allSatisfy({ isDigit($0, radix: radix) }) else { return .string(text) }
            guard let value = Int64(String(decoding: digits, as: UTF8.self), radix: radix) else {
                throw .numberOutOfRange(line: line)
            }
            return .number(JSONNumber(value))
        }
        if unsigned.allSatisfy({ isDigit($0, radix: 10) }) {
            guard let value = Int64(text) else { throw .numberOutOfRange(line: line) }
            return .number(JSONNumber(value))
        }
        let rest = String(decoding: unsigned, as: UTF8.self)
        if [".inf", ".Inf", ".INF"].contains(rest) || [".nan", ".NaN", ".NAN"].contains(text) {
            throw .numberOutOfRange(line: line)
        }
        guard isDigit(first, radix: 10) || first == UInt8(ascii: "."), isFloat(unsigned) else { return .string(text) }
        guard let value = Double(text), let number = JSONNumber(value) else { throw .numberOutOfRange(line: line) }
        return .number(number)
    }

    /// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
    private static func isFloat(_ bytes: ArraySlice<UInt8>) -> Bool {
        var place = bytes.startIndex
        func digits() -> Int {
            let start = place
            while place < bytes.endIndex, isDigit(bytes[place], radix: 10) { place += 1 }
            return place - start
        }
        let whole = digits()
        if place < bytes.endIndex, bytes[place] == UInt8(ascii: ".") {
            place += 1
            let fraction = digits()
            if whole == 0, fraction == 0 { return false }
        } else if whole == 0 {
            return false
        }
        if place < bytes.endIndex, bytes[place] | 0x20 == UInt8(ascii: "e") {
            place += 1
            if place < bytes.endIndex, bytes[place] == UInt8(ascii: "-") || bytes[place] == UInt8(ascii: "+") {
                place += 1
            }
            if digits() == 0 { return false }
        }
        return place == bytes.endIndex
    }

    private static func isDigit(_ byte: UInt8, radix: Int) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "7"): true
        case UInt8(ascii: "8"), UInt8(ascii: "9"): radix >= 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): radix == 16
        default: false
        }
    }
}
