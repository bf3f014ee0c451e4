internal import Bytes
internal import EventLog

/// A packed body is walked to its end and never beyond, whatever it says about lengths; records survive packing.
enum RecordBatchFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var cursor = RecordCursor(bytes)
        var batch = RecordBatch()
        var sum: UInt8 = 0
        while let record = cursor.next() {
            // Every byte is read, so that AddressSanitizer sees a view that is too long.
            for byte in record.key { sum &+= byte }
            for byte in record.value { sum &+= byte }
            batch.append(key: record.key, value: record.value, timestamp: record.timestamp)
        }
        let walked = bytes.count - cursor.rest.count
        try require(walked >= 0 && batch.byteCount == walked, "the records are as long as what was walked over")
        let isEqual = batch.withBytes { $0.elementsEqual(bytes[..<walked]) }
        try require(isEqual, "packed again they are the same bytes")

        // Batches merge by standing one behind the other.
        var merged = batch.takeAll()
        try require(batch.isEmpty, "what was taken is gone")
        batch.append(contentsOf: merged)
        merged.append(contentsOf: batch)
        let count = merged.withBytes { body in
            var cursor = RecordCursor(body)
            var count = 0
            while cursor.next() != nil { count += 1 }
            return cursor.rest.isEmpty ? count : -1
        }
        try require(count == merged.count && count == 2 * batch.count, "two bodies are a body")
    }
}
