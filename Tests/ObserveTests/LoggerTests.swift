import Observe
import TestKit
import Testing
import Time

@Suite struct LoggerTests {
    private let sink = MemoryLogSink()
    private let clock = ManualClock(Timestamp(milliseconds: 1_767_225_600_250))

    @Test func `a JSON line has time, level, service, message and the fields in order`() {
        let logger = Logger(service: "event-gateway", sink: sink, clock: clock, format: .json)
        logger.with(["loop": 1]).info(
            "settings read", ["file": "a\"b", "count": 3, "ok": true, "share": 0.5, "names": ["x", "y"]])
        #expect(
            sink.text
                == #"{"time":"2026-01-01T00:00:00.250Z","level":"info","service":"event-gateway","#
                + #""message":"settings read","loop":1,"file":"a\"b","count":3,"ok":true,"share":0.5,"names":["x","y"]}"#
                + "\n")
    }

    @Test func `a text line is made for people`() {
        let logger = Logger(service: "decrypter", sink: sink, clock: clock, format: .text)
        logger.warning("stream vanished", ["stream": "demo", "reason": "not found", "wait": .duration(.seconds(90))])
        #expect(
            sink.text
                == "00:00:00.250 WARNING decrypter: stream vanished  stream=demo reason=\"not found\" wait=1m30s\n")
    }

    @Test(arguments: LogFormat.allCases)
    func `text from outside cannot forge a line`(_ format: LogFormat) {
        let logger = Logger(service: "s", sink: sink, clock: clock, format: format)
        logger.error("refused", ["client": "a\nb\u{1B}[31m\u{9B}31m\u{0}\u{7F}"])
        #expect(sink.lines.count == 1)
        #expect(sink.text.contains(#""a\nb\u001b[31m\u009b31m\u0000\u007f""#))
        #expect(sink.text.filter { $0 == "\n" }.count == 1)
    }

    @Test func `a level below the threshold costs nothing`() {
        let logger = Logger(service: "s", sink: sink, clock: clock, threshold: .warning)
        var computed = false
        func field() -> LogValue {
            computed = true
            return "x"
        }
        logger.info("quiet", ["a": field()])
        #expect(!computed)
        #expect(sink.lines.isEmpty)
        logger.error("loud", ["a": field()])
        #expect(computed)
        #expect(sink.lines.count == 1)
    }
}
