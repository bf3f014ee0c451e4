import API
import GRPC
import ServiceKit

extension MethodTable {
    /// `InstallationsService`, `HandlesService`
    mutating func addInstallations() {
        read(InstallationsService.getInstallation, .everybody(.view)) { call, request throws(CallError) in
            let installation = try call.installation(request.installationID)
            var response = GetInstallationResponse()
            var message = installation.message(try call.view.plane().organizationID)
            if call.mayManageOrganization {
                message.installationCredentials?.clientSecret = try call.secrets.secret(of: installation)
            }
            response.installation = message
            return response
        }
        read(InstallationsService.listInstallations, .people(.view)) { call, _ throws(CallError) in
            let organization = try call.view.plane().organizationID
            var response = ListInstallationsResponse()
            response.installations = try call.view.installations().map { $0.message(organization) }
            return response
        }
        read(InstallationsService.getProjectInstallation, .people(.view)) { call, request throws(CallError) in
            _ = try call.project(request.projectID)
            // Every project's streams run on the one data plane of this control plane.
            guard let installation = try call.view.installations().first else {
                throw .damaged("the plane's own installation is missing")
            }
            var response = GetProjectInstallationResponse()
            response.installationID = installation.id
            return response
        }
        read(InstallationsService.listInstallationProjects, .everybody(.view)) { call, request throws(CallError) in
            _ = try call.installation(request.installationID)
            var response = ListInstallationProjectsResponse()
            response.projectIDs = try call.visibleProjects().map(\.id)
            return response
        }
        read(HandlesService.listInstallationHandles, .everybody(.view)) { call, request throws(CallError) in
            _ = try call.installation(request.installationID)
            let handle = try call.view.plane().handle
            var response = ListInstallationHandlesResponse()
            if !handle.isEmpty { response.installationHandles = [handle] }
            return response
        }
    }

    /// `InstalledComponentsService`
    mutating func addInstalledComponents() {
        change(InstalledComponentsService.updateInstalledComponentState, .dataPlanes) {
            call, change, request throws(CallError) in
            let installation = try call.installation(request.installationID)
            let state = request.installedComponentState
            // What a process says of itself is no decision of anybody: it is not for the audit trail.
            try change.add(
                ComponentStateRecord(
                    component: request.componentType.rawValue, instance: request.instanceID,
                    type: state.stateType.rawValue, message: state.message, at: change.now),
                ofInstallation: installation.id)
            return UpdateInstalledComponentStateResponse()
        }
        list(InstalledComponentsService.getInstalledComponent, .everybody(.view)) { call, request throws(CallError) in
            let installation = try call.installation(request.installationID)
            let wanted = request.installedComponentType
            let states = try call.view.componentStates(ofInstallation: installation.id)
            let component = InstalledComponent.all(of: states).first { $0.componentType == wanted }
            guard let component else { throw .notFound(.installedComponent, wanted.protoName) }
            var response = GetInstalledComponentResponse()
            response.installedComponent = component
            return response
        }
        list(InstalledComponentsService.listInstalledComponents, .everybody(.view)) { call, request throws(CallError) in
            let installation = try call.installation(request.installationID)
            let states = try call.view.componentStates(ofInstallation: installation.id)
            var response = ListInstalledComponentsResponse()
            response.installedComponents = InstalledComponent.all(of: states)
            return response
        }
        list(InstalledComponentsService.listInstalledComponentsCurrentStates, .everybody(.view)) {
            call, request throws(CallError) in
            let installation = try call.installation(request.installationID)
            let states = try call.view.componentStates(ofInstallation: installation.id)
            var response = ListInstalledComponentsCurrentStatesResponse()
            response.installedComponents = InstalledComponent.all(of: states).map(\.currentState)
            return response
        }
    }

    /// `CustomerEntityVersionsService`, `CliService`: what runs belongs to the version of this control plane.
    mutating func addVersions() {
        read(CustomerEntityVersionsService.getDecrypterImage, .dataPlanes) { _, _ throws(CallError) in
            var response = GetDecrypterImageResponse()
            response.image = "decrypter"
            response.imageTag = PolderVersion.text
            return response
        }
        read(CustomerEntityVersionsService.getBatchExporterImage, .dataPlanes) { _, _ throws(CallError) in
            var response = GetBatchExporterImageResponse()
            response.image = "batch-exporter"
            response.imageTag = PolderVersion.text
            return response
        }
        read(CustomerEntityVersionsService.getBatchJobRunnerImage, .dataPlanes) { _, _ throws(CallError) in
            var response = GetBatchJobRunnerImageResponse()
            response.image = "batch-job"
            response.imageTag = PolderVersion.text
            return response
        }
        read(CustomerEntityVersionsService.getKafkaExporterImage, .dataPlanes) { _, _ throws(CallError) in
            throw .refused("Kafka exporters are entities only: no program of this version makes them true")
        }
        read(CliService.getRelease, .people(.view)) { _, request throws(CallError) in
            let version = "v" + PolderVersion.text
            guard request.version.isEmpty || request.version == version else {
                throw .notFound(.release, request.version)
            }
            var release = CliRelease()
            release.version = version
            var response = GetReleaseResponse()
            response.release = release
            return response
        }
    }
}

extension Call {
    /// An installation. A data plane knows only itself.
    fileprivate func installation(_ id: String) throws(CallError) -> InstallationRecord {
        if case .installation(let own) = principal, own != id.lowercased() {
            throw .denied("installation_id is not that of the token")
        }
        guard let installation = try view.installation(id: id) else { throw .notFound(.installation, id) }
        return installation
    }

    fileprivate var mayManageOrganization: Bool {
        switch principal {
        case .user(_, _, let roles): roles.may(.manageOrganization)
        case .installation: false
        }
    }
}

extension InstallationRecord {
    fileprivate func message(_ organizationID: String) -> Installation {
        var credentials = InstallationCredentials()
        credentials.clientID = clientID
        var installation = Installation()
        installation.id = id
        installation.installationType = InstallationType(rawValue: type) ?? .unspecified
        installation.billingAccountID = organizationID
        installation.installationCredentials = credentials
        return installation
    }
}

extension InstalledComponent {
    /// Components, their instances, and the states of those, from rows in that order.
    fileprivate static func all(of records: [ComponentStateRecord]) -> [InstalledComponent] {
        var components: [InstalledComponent] = []
        for record in records {
            let type = InstalledComponentType(rawValue: record.component) ?? .unspecified
            if components.last?.componentType != type {
                var component = InstalledComponent()
                component.componentType = type
                components.append(component)
            }
            let last = components.count - 1
            if components[last].instances.last?.id != record.instance {
                var instance = InstalledComponentInstance()
                instance.id = record.instance
                components[last].instances.append(instance)
            }
            components[last].instances[components[last].instances.count - 1].states.append(record.told)
        }
        return components
    }

    /// With the last state of every instance.
    fileprivate var currentState: InstalledComponentsCurrentState {
        var current = InstalledComponentsCurrentState()
        current.componentType = componentType
        current.instances = instances.map { instance in
            var now = InstalledComponentInstanceCurrentState()
            now.id = instance.id
            now.state = instance.states.last
            return now
        }
        return current
    }
}

extension ComponentStateRecord {
    fileprivate var told: InstalledComponentState {
        var state = InstalledComponentState()
        state.stateTime = ProtoTimestamp(at)
        state.stateType = InstalledComponentStateType(rawValue: type) ?? .unspecified
        state.message = message
        return state
    }
}
