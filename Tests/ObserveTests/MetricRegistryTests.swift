import Observe
import TestKit
import Testing

@Suite struct MetricRegistryTests {
    @Test func `metrics are shown in Prometheus text format`() {
        let registry = MetricRegistry()
        let events = registry.counters(
            "strm_gateway_events_total", "Events by schema.", labels: ["schemaid", "status"])
        events.with("strmprivacy/demo/1.0.2", "204").add(17)
        events.with("strmprivacy/demo/1.0.2", "400").increment()
        registry.gauge("strm_gateway_inflight", "Events in flight.").set(-3)
        let timing = registry.histogram("strm_gateway_timing", "Seconds.", bounds: [0.0001, 0.002, 0.5])
        timing.observe(.microseconds(100))
        timing.observe(.microseconds(101))
        timing.observe(.seconds(2))
        registry.reading(gauge: "caffeine_cache_estimated_size", "Size.", labels: [("cache", "keys")]) { 1.5 }
        #expect(
            registry.exposition() == """
                # HELP caffeine_cache_estimated_size Size.
                # TYPE caffeine_cache_estimated_size gauge
                caffeine_cache_estimated_size{cache="keys"} 1.5
                # HELP strm_gateway_events_total Events by schema.
                # TYPE strm_gateway_events_total counter
                strm_gateway_events_total{schemaid="strmprivacy/demo/1.0.2",status="204"} 17
                strm_gateway_events_total{schemaid="strmprivacy/demo/1.0.2",status="400"} 1
                # HELP strm_gateway_inflight Events in flight.
                # TYPE strm_gateway_inflight gauge
                strm_gateway_inflight -3
                # HELP strm_gateway_timing Seconds.
                # TYPE strm_gateway_timing histogram
                strm_gateway_timing_bucket{le="0.0001"} 1
                strm_gateway_timing_bucket{le="0.002"} 2
                strm_gateway_timing_bucket{le="0.5"} 2
                strm_gateway_timing_bucket{le="+Inf"} 3
                strm_gateway_timing_sum 2.000201
                strm_gateway_timing_count 3

                """)
    }

    @Test func `label values and help texts are escaped`() {
        let registry = MetricRegistry()
        registry.counters("a_total", "back\\slash\nline \"quoted\"", labels: ["l"]).with("a\\b\"c\nd").increment()
        #expect(
            registry.exposition() == """
                # HELP a_total back\\\\slash\\nline "quoted"
                # TYPE a_total counter
                a_total{l="a\\\\b\\"c\\nd"} 1

                """)
    }

    @Test func `the Prometheus client for Python reads what we write`() async throws {
        let registry = MetricRegistry()
        registry.counters("hard_total", "Hard \\ to\nread.", labels: ["a", "b"]).with("x\"y\\z\n", "é,}{=").add(3)
        registry.histograms("h_seconds", "H.", labels: ["a"]).with("q").observe(.milliseconds(3))
        registry.reading(gauge: "odd", "Odd.", labels: []) { .infinity }
        let script = """
            import sys
            from prometheus_client.parser import text_string_to_metric_families as parse
            for family in parse(sys.stdin.read()):
                for s in family.samples:
                    print(family.type, s.name, sorted(s.labels.items()), float(s.value))
            """
        let seen = try await Strangers.runPython(script, input: Array(registry.exposition().utf8)).output
        #expect(seen.contains(#"counter hard_total [('a', 'x"y\\z\n'), ('b', 'é,}{=')] 3.0"#))
        #expect(seen.contains("histogram h_seconds_bucket [('a', 'q'), ('le', '0.005')] 1.0"))
        #expect(seen.contains("histogram h_seconds_sum [('a', 'q')] 0.003"))
        #expect(seen.contains("gauge odd [] inf"))
    }

    @Test func `the same name gives the same metric`() {
        let registry = MetricRegistry()
        registry.counter("a_total", "A.").increment()
        registry.counter("a_total", "A.").increment()
        #expect(registry.counter("a_total", "A.").count == 2)
    }

    @Test func `another kind under the same name traps`() async {
        await #expect(processExitsWith: .failure) {
            let registry = MetricRegistry()
            _ = registry.counter("a", "A.")
            _ = registry.gauge("a", "A.")
        }
    }

    @Test func `label values from outside cannot grow without bound`() {
        let registry = MetricRegistry()
        let family = registry.counters("a_total", "A.", labels: ["l"])
        for number in 0..<5000 { family.with("v\(number)").increment() }
        let lines = registry.exposition().split(separator: "\n")
        #expect(lines.count == 2 + 2001)
        #expect(lines.contains(#"a_total{l="other"} 3000"#))
    }

    @Test func `increments of many threads add up`() async {
        let counter = MetricRegistry().counter("a_total", "A.")
        let histogram = MetricRegistry().histogram("h", "H.", unit: .plain, bounds: [1, 10])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for number in 0..<10_000 {
                        counter.increment()
                        histogram.observe(number % 20)
                    }
                }
            }
        }
        #expect(counter.count == 80_000)
        #expect(histogram.snapshot.counts == [8000, 36_000, 36_000])
        #expect(histogram.snapshot.sum == 760_000)
    }
}
