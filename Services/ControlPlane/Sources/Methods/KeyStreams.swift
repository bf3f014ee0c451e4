import API
import Wire

extension MethodTable {
    /// `KeyStreamsService`
    mutating func addKeyStreams() {
        list(KeyStreamsService.listKeyStreams, .people(.view)) { call, request throws(CallError) in
            let project = try call.project(request.projectID)
            var response = ListKeyStreamsResponse()
            for stream in try call.streams(ofProject: project) {
                if let keys = stream.keyStream(try stream.spec()) { response.keyStreams.append(keys) }
            }
            return response
        }
        read(KeyStreamsService.getKeyStream, .people(.view)) { call, request throws(CallError) in
            var ref = StreamRef()
            ref.name = request.ref.name
            ref.projectID = request.ref.projectID
            let stream = try call.stream(ref, field: "ref")
            guard let keys = stream.keyStream(try stream.spec()) else { throw .notFound(.keyStream, ref.name) }
            var response = GetKeyStreamResponse()
            response.keyStream = keys
            return response
        }
    }
}
