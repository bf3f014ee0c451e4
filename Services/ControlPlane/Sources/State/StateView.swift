import SQLite

/// The state at one moment, for reading.
///
/// Queries of one entity stand together in a file of this folder, as extensions.
///
/// - Isolation: valid during the call that it was given to, on that thread.
package struct StateView {
    let database: Database

    /// Every row of a query.
    ///
    /// - Parameter read: Must not ask the same query again: statements are kept by their text.
    func all<Element>(
        _ sql: String, _ values: SQLValue..., read: (Row) throws(CallError) -> Element
    ) throws(CallError) -> [Element] {
        let statement = try prepared(sql, values)
        defer { statement.reset() }
        var elements: [Element] = []
        while try step(statement) { elements.append(try read(Row(statement: statement))) }
        return elements
    }

    /// The first row of a query; nil when there is none.
    func first<Element>(
        _ sql: String, _ values: SQLValue..., read: (Row) throws(CallError) -> Element
    ) throws(CallError) -> Element? {
        let statement = try prepared(sql, values)
        defer { statement.reset() }
        guard try step(statement) else { return nil }
        return try read(Row(statement: statement))
    }

    /// The number in the first row of a query; 0 when there is none.
    func count(_ sql: String, _ values: SQLValue...) throws(CallError) -> Int {
        let statement = try prepared(sql, values)
        defer { statement.reset() }
        return try step(statement) ? Int(statement.int64(0)) : 0
    }

    /// True when a query has a row.
    func exists(_ sql: String, _ values: SQLValue...) throws(CallError) -> Bool {
        let statement = try prepared(sql, values)
        defer { statement.reset() }
        return try step(statement)
    }

    /// A statement with its values.
    func prepared(_ sql: String, _ values: [SQLValue]) throws(CallError) -> Statement {
        do throws(SQLiteError) {
            let statement = try database.cached(sql)
            for (index, value) in values.enumerated() {
                let place = Int32(index + 1)
                switch value {
                case .null: try statement.bindNull(at: place)
                case .integer(let number): try statement.bind(number, at: place)
                case .text(let text): try statement.bind(text, at: place)
                case .blob(let bytes): try statement.bind(bytes, at: place)
                }
            }
            return statement
        } catch {
            throw .state(error)
        }
    }

    private func step(_ statement: Statement) throws(CallError) -> Bool {
        do throws(SQLiteError) { return try statement.step() } catch { throw .state(error) }
    }
}

/// A value for a place in a statement.
enum SQLValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int64) { self = .integer(value) }

    /// A text, or `NULL`.
    static func optional(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
    /// A number, or `NULL`.
    static func optional(_ number: Int64?) -> SQLValue { number.map { .integer($0) } ?? .null }
}

/// The current row of a query.
struct Row {
    fileprivate let statement: Statement

    func text(_ column: Int32) -> String { statement.text(column) }
    func integer(_ column: Int32) -> Int64 { statement.int64(column) }
    func bytes(_ column: Int32) -> [UInt8] { statement.bytes(column) }
    func optionalText(_ column: Int32) -> String? { statement.isNull(column) ? nil : statement.text(column) }
    func optionalBytes(_ column: Int32) -> [UInt8]? { statement.isNull(column) ? nil : statement.bytes(column) }
    func optionalInteger(_ column: Int32) -> Int64? { statement.isNull(column) ? nil : statement.int64(column) }
}
