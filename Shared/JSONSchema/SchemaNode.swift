internal import Bytes
internal import Regex

/// One schema: everything that it demands of a value, keywords grouped by the type that they speak about. Subschemas are indices
/// into the list of all nodes, because schemas may refer to each other in circles.
struct SchemaNode: Sendable {
    typealias Index = Int32
    /// A value that the schema names, by its place on the tape of constants.
    typealias Constant = Int32

    /// JSON pointer to the schema.
    var place = ""
    /// `type`; `[]` for the schema `false`, which allows nothing.
    var types = JSONTypes.any
    /// `type`, and the types of the values in `enum` and `const`: what a value can have at most.
    var narrowTypes = JSONTypes.any
    /// `enum` and `const`: lists of values, one of each of which the value must be.
    var choices: [Choice] = []
    var number: NumberRules?
    var string: StringRules?
    var array: ArrayRules?
    var object: ObjectRules?
    var logic: LogicRules?

    struct Choice: Sendable {
        let texts: NameTable
        /// What is not a string.
        let others: [Constant]
        let isConst: Bool
    }

    final class NumberRules: Sendable {
        let minimum, maximum, above, below: Constant?
        let multipleOf: ExactNumber.Divisor?

        init(
            minimum: Constant?, maximum: Constant?, above: Constant?, below: Constant?,
            multipleOf: ExactNumber.Divisor?
        ) {
            (self.minimum, self.maximum, self.above, self.below) = (minimum, maximum, above, below)
            self.multipleOf = multipleOf
        }
    }

    final class StringRules: Sendable {
        /// Lengths in code points.
        let minLength, maxLength: Int
        let pattern: Pattern?

        init(minLength: Int, maxLength: Int, pattern: Pattern?) {
            (self.minLength, self.maxLength, self.pattern) = (minLength, maxLength, pattern)
        }
    }

    final class ArrayRules: Sendable {
        /// Schemas of the first elements, and of those behind them.
        let first: [Index]
        let rest: Index?
        let contains: Index?
        let minContains, maxContains: Int
        let minItems, maxItems: Int
        let isUnique: Bool

        init(
            first: [Index], rest: Index?, contains: Index?, minContains: Int, maxContains: Int, minItems: Int,
            maxItems: Int, isUnique: Bool
        ) {
            (self.first, self.rest, self.contains) = (first, rest, contains)
            (self.minContains, self.maxContains) = (minContains, maxContains)
            (self.minItems, self.maxItems, self.isUnique) = (minItems, maxItems, isUnique)
        }
    }

    final class ObjectRules: Sendable {
        /// Every name that a keyword mentions; the other members speak of names by their index here.
        let names: [String]
        let table: NameTable
        /// By name: the schema of `properties`, or -1.
        let properties: [Index]
        let patterns: [(pattern: Pattern, node: Index)]
        let additional: Index?
        let propertyNames: Index?
        let required: [Int]
        let dependentRequired: [(name: Int, needs: [Int])]
        let dependentSchemas: [(name: Int, node: Index)]
        let minProperties, maxProperties: Int

        init(
            names: [String], properties: [Index], patterns: [(pattern: Pattern, node: Index)], additional: Index?,
            propertyNames: Index?, required: [Int], dependentRequired: [(name: Int, needs: [Int])],
            dependentSchemas: [(name: Int, node: Index)], minProperties: Int, maxProperties: Int
        ) {
            self.names = names
            table = NameTable(names)
            self.properties = properties
            self.patterns = patterns
            self.additional = additional
            self.propertyNames = propertyNames
            self.required = required
            self.dependentRequired = dependentRequired
            self.dependentSchemas = dependentSchemas
            (self.minProperties, self.maxProperties) = (minProperties, maxProperties)
        }

        /// The schema that `properties` has for a name, or nil.
        func property(_ name: String) -> Index? {
            guard let index = Array(name.utf8).withUnsafeBytes({ table.index(of: $0) }), properties[index] >= 0 else {
                return nil
            }
            return properties[index]
        }
    }

    final class LogicRules: Sendable {
        /// `$ref` and `allOf`: all of them.
        let all: [Index]
        let any: [Index]
        let one: [Index]
        let not: Index?
        let condition: Index?
        let then: Index?
        let otherwise: Index?

        init(
            all: [Index], any: [Index], one: [Index], not: Index?, condition: Index?, then: Index?, otherwise: Index?
        ) {
            (self.all, self.any, self.one, self.not) = (all, any, one, not)
            (self.condition, self.then, self.otherwise) = (condition, then, otherwise)
        }
    }

    /// The schemas that judge the same value as this one.
    var inPlace: [Index] {
        var nodes: [Index] = []
        if let logic {
            nodes += logic.all + logic.any + logic.one
            nodes += [logic.not, logic.condition, logic.then, logic.otherwise].compactMap(\.self)
        }
        if let object { nodes += object.dependentSchemas.map(\.node) }
        return nodes
    }
}
