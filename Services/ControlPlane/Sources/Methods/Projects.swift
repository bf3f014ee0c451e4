import API
import GRPC
import JSON

extension MethodTable {
    /// `ProjectsService`
    mutating func addProjects() {
        list(ProjectsService.listProjects, .people(.view)) { call, _ throws(CallError) in
            let organization = try call.view.plane().organizationID
            var response = ListProjectsResponse()
            response.projects = try call.visibleProjects().map { $0.message(organization) }
            return response
        }
        read(ProjectsService.getProject, .people(.view)) { call, request throws(CallError) in
            var response = GetProjectResponse()
            response.project = try call.project(request.projectID).message(call.view.plane().organizationID)
            return response
        }
        change(ProjectsService.createProject, .people(.manageProjects)) { call, change, request throws(CallError) in
            let name = request.project.name
            guard try call.view.project(named: name) == nil else { throw .alreadyExists(.project, name) }
            let project = ProjectRecord(
                id: StateSecrets.newID(), name: name, description: request.project.description,
                state: Project.State.operational.rawValue, created: change.now)
            try change.add(project)
            try change.addMember(call.user().id, toProject: project.id)
            let message = project.message(try call.view.plane().organizationID)
            try change.audit(.project, name, projectID: project.id, before: nil, after: message.json)
            var response = CreateProjectResponse()
            response.project = message
            return response
        }
        change(ProjectsService.archiveProject, .people(.manageProjects)) { call, change, request throws(CallError) in
            let project = try call.changeableProject(request.projectID)
            var archived = project
            archived.state = Project.State.archived.rawValue
            try change.setState(archived.state, ofProject: project.id)
            let organization = try call.view.plane().organizationID
            try change.audit(
                .project, project.name, projectID: project.id, before: project.message(organization).json,
                after: archived.message(organization).json)
            return ArchiveProjectResponse()
        }
        change(ProjectsService.deleteProject, .people(.manageProjects)) { call, change, request throws(CallError) in
            let project = try call.changeableProject(request.projectID)
            try change.removeProject(project)
            try change.audit(
                .project, project.name, projectID: project.id,
                before: project.message(call.view.plane().organizationID).json, after: nil)
            return DeleteProjectResponse()
        }
        addMembers()
    }

    private mutating func addMembers() {
        list(ProjectsService.listProjectMembers, .people(.view)) { call, request throws(CallError) in
            let project = try call.project(request.projectID)
            let organization = try call.view.plane().organizationID
            var response = ListProjectMembersResponse()
            response.projectMembers = try call.view.users(ofProject: project.id).map { $0.message(organization) }
            return response
        }
        change(ProjectsService.addProjectMembers, .people(.manageProjects)) { call, change, request throws(CallError) in
            let project = try call.openProject(request.projectID)
            let before = try call.members(of: project)
            for email in request.emails {
                guard let user = try call.view.user(email: email) else { throw .notFound(.user, email) }
                try change.addMember(user.id, toProject: project.id)
            }
            try change.audit(
                .project, project.name, projectID: project.id, before: before, after: call.members(of: project))
            return AddProjectMembersResponse()
        }
        change(ProjectsService.removeProjectMembers, .people(.manageProjects)) {
            call, change, request throws(CallError) in
            let project = try call.openProject(request.projectID)
            let before = try call.members(of: project)
            for email in request.emails {
                guard let user = try call.view.user(email: email),
                    try call.view.isMember(user.id, ofProject: project.id)
                else { throw .notFound(.user, email) }
                try change.removeMember(user.id, fromProject: project.id)
            }
            try change.audit(
                .project, project.name, projectID: project.id, before: before, after: call.members(of: project))
            return RemoveProjectMembersResponse()
        }
    }
}

extension Call {
    /// The projects that the caller may look into, the oldest first.
    func visibleProjects() throws(CallError) -> [ProjectRecord] {
        switch principal {
        case .user(let id, _, _): try view.projects(ofMember: principal.seesEverything ? nil : id)
        case .installation: try view.projects()
        }
    }

    /// A project that may be archived or removed.
    fileprivate func changeableProject(_ id: String) throws(CallError) -> ProjectRecord {
        let project = try project(id)
        guard project.id != (try view.plane().defaultProjectID) else {
            throw .refused("project \(project.name) holds the streams of the plane folder, and stays")
        }
        return project
    }

    /// The members of a project, for the audit trail.
    fileprivate func members(of project: ProjectRecord) throws(CallError) -> JSONValue {
        var response = ListProjectMembersResponse()
        for user in try view.users(ofProject: project.id) {
            var member = User()
            member.email = user.email
            response.projectMembers.append(member)
        }
        return response.json
    }
}

extension ProjectRecord {
    /// The message.
    func message(_ organizationID: String) -> Project {
        var project = Project()
        project.id = id
        project.name = name
        project.description = description
        project.organizationID = organizationID
        project.state = Project.State(rawValue: state) ?? .unspecified
        return project
    }
}
