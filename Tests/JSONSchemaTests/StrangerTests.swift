import JSON
import TestKit
import Testing

/// Random schemas and instances, judged by PyPI `jsonschema`.
@Suite struct StrangerTests {
    /// Writes a list of `{schema, instances: [text], verdicts: [bool]}`. Decimals are exact on the judge's side as well:
    /// jsonschema itself would judge doubles.
    private static let script = #"""
        import json, random, re, sys
        from decimal import Decimal, getcontext
        import jsonschema
        from jsonschema import validators

        getcontext().prec = 400
        draft, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
        random.seed(seed)
        base = {"draft7": jsonschema.Draft7Validator, "draft2019": jsonschema.Draft201909Validator,
                "draft2020": jsonschema.Draft202012Validator}[draft]
        uri = base.META_SCHEMA["$schema"]

        def is_integer(checker, value):
            if isinstance(value, bool): return False
            return isinstance(value, int) or isinstance(value, Decimal) and value == value.to_integral_value()
        def multiple_of(validator, divisor, instance, schema):
            if not validator.is_type(instance, "number"): return
            if Decimal(instance) % Decimal(divisor): yield jsonschema.ValidationError("not a multiple")
        Judge = validators.extend(base, {"multipleOf": multiple_of},
                                  type_checker=base.TYPE_CHECKER.redefine("integer", is_integer))

        NAMES = ["a", "b", "c", "é", "a/b", "x~y", ""]
        TEXTS = ["", "a", "ab", "abc", "é", "e\u0301", "𝄞𝄞", "2020-01-02", "a\nb", "\"\\/", "0", "a" * 9]
        NUMBERS = ["0", "1", "2", "3", "-1", "-0", "0.0", "1.0", "10e-1", "2.50", "0.3", "0.1", "1e2", "100", "1.5", "7",
                   "12345678901234567890", "12345678901234567891", "1e-7", "0.30000000000000000001", "1E+2", "-2.5"]
        PATTERNS = ["^a", "b$", "^[a-c]+$", "é", r"^\d+-\d+", "^.{2}$", "a|0", "^$", r"\\", "(ab)?c"]

        class Raw:
            def __init__(self, text): self.text = text
        def number(): return Raw(random.choice(NUMBERS))
        def text(): return random.choice(TEXTS)
        def value(depth=0):
            kind = random.randrange(9 if depth < 3 else 6)
            if kind == 0: return None
            if kind == 1: return random.choice([True, False])
            if kind < 4: return number()
            if kind < 6: return text()
            if kind == 6: return [value(depth + 1) for _ in range(random.randrange(4))]
            return {name: value(depth + 1) for name in random.sample(NAMES, random.randrange(4))}
        def write(v):
            if isinstance(v, Raw): return v.text
            if isinstance(v, dict):
                return "{" + ",".join(json.dumps(k, ensure_ascii=random.random() < .5) + ":" + write(x) for k, x in v.items()) + "}"
            if isinstance(v, list): return "[" + ", ".join(write(x) for x in v) + "]"
            return json.dumps(v, ensure_ascii=random.random() < .5)

        def names(): return random.sample(NAMES, random.randrange(1, 4))
        def some(make, low=1, high=3): return [make() for _ in range(random.randint(low, high))]
        def schema(depth, defs):
            """A schema; `defs` are the definitions that it may refer to without looking at the same value for ever."""
            if depth > 3 or random.random() < .08: return random.choice([True, {}, {"type": "string"}, {"type": "integer"}, False])
            if draft == "draft7" and defs and random.random() < .1: return {"$ref": "#/definitions/" + random.choice(defs)}
            sub = lambda: schema(depth + 1, defs)      # judges the same value
            inner = lambda: schema(depth + 1, ALL)     # judges a part of it
            s = {}
            for _ in range(random.randrange(1, 4)):
                k = random.randrange(27)
                if k < 4:
                    types = random.sample(["null", "boolean", "integer", "number", "string", "array", "object"], random.randrange(1, 4))
                    s["type"] = types if len(types) > 1 or random.random() < .2 else types[0]
                elif k == 4: s["enum"] = some(value, 1, 4)
                elif k == 5: s["const"] = value()
                elif k == 6: s[random.choice(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"])] = number()
                elif k == 7: s["multipleOf"] = Raw(random.choice(["1", "2", "0.1", "0.01", "1.5", "3", "1e-3", "2.5e1", "7"]))
                elif k == 8: s["minLength"] = random.randrange(4)
                elif k == 9: s["maxLength"] = random.randrange(4)
                elif k == 10: s["pattern"] = random.choice(PATTERNS)
                elif k == 11: s["properties"] = {n: inner() for n in names()}
                elif k == 12: s["required"] = names()
                elif k == 13: s["additionalProperties"] = inner()
                elif k == 14: s["patternProperties"] = {random.choice(PATTERNS): inner()}
                elif k == 15: s["propertyNames"] = inner()
                elif k == 16: s[random.choice(["minProperties", "maxProperties"])] = random.randrange(3)
                elif k == 17:
                    if draft == "draft2020":
                        if random.random() < .5: s["prefixItems"] = some(inner)
                        s["items"] = inner()
                    elif random.random() < .5: s["items"] = inner(); s.pop("additionalItems", None)
                    else:
                        s["items"] = some(inner)
                        if random.random() < .5: s["additionalItems"] = inner()
                elif k == 18:
                    s["contains"] = inner()
                    if draft != "draft7":
                        if random.random() < .4: s["minContains"] = random.randrange(3)
                        if random.random() < .4: s["maxContains"] = random.randrange(3)
                elif k == 19: s[random.choice(["minItems", "maxItems"])] = random.randrange(4)
                elif k == 20: s["uniqueItems"] = random.random() < .9
                elif k == 21: s["allOf"] = some(sub)
                elif k == 22: s[random.choice(["anyOf", "oneOf"])] = some(sub)
                elif k == 23: s["not"] = sub()
                elif k == 24:
                    s["if"] = sub()
                    if random.random() < .7: s["then"] = sub()
                    if random.random() < .7: s["else"] = sub()
                elif k == 25:
                    if draft == "draft7": s["dependencies"] = {n: random.choice([names, sub])() for n in names()}
                    elif random.random() < .5: s["dependentRequired"] = {n: names() for n in names()}
                    else: s["dependentSchemas"] = {n: sub() for n in names()}
                elif defs and draft != "draft7": s["$ref"] = "#/$defs/" + random.choice(defs)
            for name in random.sample(["title", "description", "$comment", "format"], random.randrange(2)): s[name] = "date"
            return s

        def parse(text): return json.loads(text, parse_float=Decimal)

        def fitting(s, root, depth=0):
            """A value that has something of what the schema wants; otherwise nearly everything would be refused."""
            if not isinstance(s, dict) or depth > 6: return value(depth)
            if random.random() < .1: return value(depth)
            if "$ref" in s:
                target = root
                for step in s["$ref"].split("/")[1:]: target = target[step]
                return fitting(target, root, depth + 1)
            if "const" in s: return s["const"]
            if "enum" in s: return random.choice(s["enum"])
            for name in ("allOf", "anyOf", "oneOf"):
                if name in s and random.random() < .7: return fitting(random.choice(s[name]), root, depth + 1)
            types = s.get("type", ["object"] if {"properties", "required", "dependentRequired", "patternProperties"} & s.keys()
                          else ["array"] if {"items", "prefixItems", "contains", "uniqueItems"} & s.keys()
                          else ["string"] if {"pattern", "minLength"} & s.keys() else None)
            if types is None: return value(depth)
            kind = random.choice(types if isinstance(types, list) else [types])
            if kind == "null": return None
            if kind == "boolean": return random.choice([True, False])
            if kind in ("integer", "number"): return number()
            if kind == "string": return text()
            if kind == "array":
                items = s.get("items")
                first = s.get("prefixItems", items if isinstance(items, list) else [])
                made = [fitting(x, root, depth + 1) for x in first]
                for _ in range(random.randrange(3)): made.append(fitting(items if not isinstance(items, list) else {}, root, depth + 1))
                return made
            wanted = set(s.get("required", [])) | {n for n in s.get("properties", {}) if random.random() < .6}
            if random.random() < .3: wanted.add(random.choice(NAMES))
            return {n: fitting(s.get("properties", {}).get(n, {}), root, depth + 1) for n in sorted(wanted)}

        out = []
        while len(out) < count:
            ALL = ["d0", "d1", "d2"]
            defs = {name: schema(1, ALL[:i]) for i, name in enumerate(ALL)}
            root = schema(0, ALL)
            if not isinstance(root, dict): continue
            if draft == "draft7" and "$ref" in root: continue
            root = {"$schema": uri, **root, ("definitions" if draft == "draft7" else "$defs"): defs}
            text_of = write(root)
            parsed = parse(text_of)
            judge = Judge(parsed)
            instances = [write(fitting(root, root)) for _ in range(6)] + [write(value()) for _ in range(2)]
            out.append({"schema": text_of, "instances": instances,
                        "verdicts": [judge.is_valid(parse(i)) for i in instances]})
        json.dump(out, sys.stdout)
        """#

    @Test(arguments: ["draft7", "draft2019", "draft2020"])
    func `jsonschema gives the same verdict on random schemas and instances`(draft: String) async throws {
        let answer = try await Strangers.runPython(Self.script, [draft, "11", "600"], deadline: .seconds(600))
        let cases = try #require(try JSONValue.parse(answer.outputBytes).array)
        var accepted = 0
        var refused = 0
        for one in cases {
            let schema = try #require(one["schema"]?.string)
            let judge = try Judge(schema)
            let instances = try #require(one["instances"]?.array).compactMap(\.string)
            let verdicts = try #require(one["verdicts"]?.array).compactMap(\.bool)
            for (instance, verdict) in zip(instances, verdicts) {
                let fault = judge.fault(instance)
                if (fault == nil) != verdict {
                    Issue.record("\(schema)\n\(instance)\njsonschema: \(verdict), we: \(String(describing: fault))")
                }
                if verdict { accepted += 1 } else { refused += 1 }
            }
        }
        #expect(accepted > 1000 && refused > 1000, "\(accepted) accepted, \(refused) refused")
    }
}
