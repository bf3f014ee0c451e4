import API
import GRPC

extension MethodTable {
    /// `PurposeMappingService`. A purpose stays for ever: levels stand in events.
    mutating func addPurposes() {
        list(PurposeMappingService.listPurposeMappings, .everybody(.view)) { call, _ throws(CallError) in
            var response = ListPurposeMappingsResponse()
            response.purposeMappings = try call.view.purposes()
            return response
        }
        read(PurposeMappingService.getPurposeMapping, .everybody(.view)) { call, request throws(CallError) in
            guard let mapping = try call.view.purposes().first(where: { $0.level == request.level }) else {
                throw .notFound(.purposeMapping, "of level \(request.level)")
            }
            var response = GetPurposeMappingResponse()
            response.purposeMapping = mapping
            return response
        }
        change(PurposeMappingService.createPurposeMapping, .people(.createResources)) {
            call, change, request throws(CallError) in
            let known = try call.view.purposes()
            var mapping = request.purposeMapping
            if known.contains(where: { $0.purpose == mapping.purpose }) {
                throw .alreadyExists(.purposeMapping, mapping.purpose)
            }
            // The level is ours to give, whatever was asked for: two people must not get the same one.
            mapping.level = (known.last?.level ?? -1) + 1
            guard mapping.level < Self.purposeLimit else {
                throw .exhausted("there are \(known.count) purposes already")
            }
            try change.add(mapping)
            try change.audit(.purposeMapping, mapping.purpose, before: nil, after: mapping.json)
            var response = CreatePurposeMappingResponse()
            response.purposeMapping = mapping
            return response
        }
    }

    /// How many purposes a plane may have.
    private static let purposeLimit: Int32 = 10_000
}
