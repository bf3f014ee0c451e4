import API
import GRPC

extension MethodTable {
    /// `BatchExportersService`, and what its agent asks for.
    mutating func addBatchExporters() {
        list(BatchExportersService.listBatchExporters, .people(.view)) { call, request throws(CallError) in
            let project = try call.project(request.projectID)
            var response = ListBatchExportersResponse()
            for record in try call.view.resources(.batchExporter, ofProject: project.id) {
                response.batchExporters.append(try record.message())
            }
            return response
        }
        read(BatchExportersService.getBatchExporter, .people(.view)) { call, request throws(CallError) in
            let record = try call.resource(.batchExporter, request.ref.name, inProject: request.ref.projectID)
            var response = GetBatchExporterResponse()
            response.batchExporter = try record.message(BatchExporter.self)
            return response
        }
        change(BatchExportersService.createBatchExporter, .people(.createResources)) {
            call, change, request throws(CallError) in
            var response = CreateBatchExporterResponse()
            response.batchExporter = try call.create(request.batchExporter, change)
            return response
        }
        change(BatchExportersService.deleteBatchExporter, .people(.deleteResources)) {
            call, change, request throws(CallError) in
            let record = try call.resource(.batchExporter, request.ref.name, inProject: request.ref.projectID)
            try call.remove(record, recursive: false, change)
            return DeleteBatchExporterResponse()
        }
        list(BatchExportersAgentService.getDesiredBatchExporters, .dataPlanes) { call, _ throws(CallError) in
            var response = GetDesiredBatchExportersResponse()
            for record in try call.view.resources(.batchExporter) {
                let exporter: BatchExporter = try record.message()
                // A stream of the plane folder may have gone from it: then there is nothing to export.
                guard let topic = try call.topic(of: exporter) else { continue }
                var extended = ExtendedBatchExporter()
                extended.uuid = record.id
                extended.topic = topic
                extended.exporter = exporter
                response.exporters.append(extended)
            }
            return response
        }
    }
}

extension BatchExporter {
    /// The stream that is exported, or whose keys are.
    var exported: (name: String, projectID: String, isKeys: Bool) {
        switch streamOrKeyStreamRef {
        case .streamRef(let ref): (ref.name, ref.projectID, false)
        case .keyStreamRef(let ref): (ref.name, ref.projectID, true)
        case nil: ("", "", false)
        }
    }
}

extension Call {
    /// The topic that an exporter reads; nil when its stream is gone.
    fileprivate func topic(of exporter: BatchExporter) throws(CallError) -> String? {
        let (name, projectID, isKeys) = exporter.exported
        guard let project = try view.project(id: projectID), let stream = try stream(named: name, in: project) else {
            return nil
        }
        return isKeys ? stream.keyStream(try stream.spec())?.kafkaTopic : stream.topic
    }

    fileprivate func create(_ asked: BatchExporter, _ change: StateChange) throws(CallError) -> BatchExporter {
        let project = try openProject(asked.ref.projectID)
        var exporter = asked
        exporter.ref.projectID = project.id
        guard let interval = asked.interval, interval.nanos == 0 else {
            throw .invalid(field: "batch_exporter.interval", rule: "must be set, in whole seconds")
        }
        let (streamName, streamProject, isKeys) = asked.exported
        let field = isKeys ? "batch_exporter.key_stream_ref" : "batch_exporter.stream_ref"
        guard streamProject.lowercased() == project.id else {
            throw .invalid(field: "\(field).project_id", rule: "must be the project of the exporter")
        }
        guard let stream = try stream(named: streamName, in: project) else { throw .notFound(.stream, streamName) }
        if isKeys, stream.keyStream(try stream.spec()) == nil { throw .notFound(.keyStream, streamName) }
        let connector = try connector(
            asked.dataConnectorRef, of: project, field: "batch_exporter.data_connector_ref")
        exporter.dataConnectorRef.projectID = project.id
        if exporter.ref.name.isEmpty {
            exporter.ref.name = "\(connector.name)-\(streamName)\(isKeys ? "-keys" : "")"
        }
        try checkRoom(for: .batchExporter, exporter.ref.name, inProject: project.id)
        let record = ResourceRecord(
            .batchExporter, id: StateSecrets.newID(), projectID: project.id, name: exporter.ref.name,
            body: exporter.protobuf, created: change.now)
        try add(record, uses: [connector.use, Use(.stream, streamName, inProject: project.id)], change)
        return exporter
    }

    /// The connector that something of a project wants to use.
    func connector(
        _ ref: DataConnectorRef, of project: ProjectRecord, field: String
    ) throws(CallError) -> ResourceRecord {
        guard ref.projectID.lowercased() == project.id else {
            throw .invalid(field: "\(field).project_id", rule: "must be the project \(project.id)")
        }
        return try resource(.dataConnector, ref.name, inProject: project.id)
    }
}
