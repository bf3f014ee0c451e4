import Testing

@Suite struct ProjectsTests {
    @Test func `projects are made, found, archived and removed, and hold what is in them`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            listed = admin("ProjectsService/ListProjects").projects
            assert [p.name for p in listed] == ["default"] and listed[0].id == project, listed
            assert listed[0].state == 1 and len(listed[0].organization_id) == 36

            made = admin("ProjectsService/CreateProject", project={"name": "Größe 9", "description": "d"}).project
            assert made.name == "Größe 9" and made.description == "d" and made.state == 1 and len(made.id) == 36
            assert admin("ProjectsService/GetProject", project_id=made.id.upper()).project == made
            assert admin("ProjectsService/ListProjects").projects[1] == made
            assert "Größe 9" in refused("ALREADY_EXISTS", admin, "ProjectsService/CreateProject", project={"name": "Größe 9"})

            assert "project.name" in refused("INVALID_ARGUMENT", admin, "ProjectsService/CreateProject", project={"name": "x"})
            refused("INVALID_ARGUMENT", admin, "ProjectsService/CreateProject", project={"name": "x" * 101})
            refused("INVALID_ARGUMENT", admin, "ProjectsService/CreateProject", project={"name": "a\\u0000b"})
            refused("INVALID_ARGUMENT", admin, "ProjectsService/CreateProject", project={"name": "ok", "description": "x" * 5001})
            assert "project" in refused("INVALID_ARGUMENT", admin, "ProjectsService/CreateProject")
            assert "projectId" in refused("INVALID_ARGUMENT", admin, "ProjectsService/GetProject", project_id="abc")
            gone = "00000000-0000-4000-8000-000000000000"
            for method in ["GetProject", "DeleteProject", "ArchiveProject", "ListProjectMembers"]:
                refused("NOT_FOUND", admin, "ProjectsService/" + method, project_id=gone)

            ref = {"name": "in it", "project_id": made.id}
            admin("StreamsService/CreateStream", stream={"ref": ref})
            refused("FAILED_PRECONDITION", admin, "ProjectsService/DeleteProject", project_id=made.id)
            admin("ProjectsService/ArchiveProject", project_id=made.id)
            assert admin("ProjectsService/GetProject", project_id=made.id).project.state == 3
            refused("FAILED_PRECONDITION", admin, "StreamsService/CreateStream", stream={"ref": {"name": "more", "project_id": made.id}})
            admin("StreamsService/DeleteStream", ref=ref)
            admin("ProjectsService/DeleteProject", project_id=made.id)
            refused("NOT_FOUND", admin, "ProjectsService/GetProject", project_id=made.id)
            refused("FAILED_PRECONDITION", admin, "ProjectsService/DeleteProject", project_id=project)
            """)
    }

    @Test func `people see the projects that they are members of`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            assert [p.id for p in member("ProjectsService/ListProjects").projects] == [project]
            assert len(stranger("ProjectsService/ListProjects").projects) == 0
            refused("PERMISSION_DENIED", stranger, "ProjectsService/GetProject", project_id=project)
            refused("PERMISSION_DENIED", stranger, "StreamsService/ListStreams", project_id=project)
            refused("PERMISSION_DENIED", stranger, "StreamsService/CreateStream", stream={"ref": {"name": "abcd", "project_id": project}})

            mine = project_admin("ProjectsService/CreateProject", project={"name": "mine"}).project.id
            refused("PERMISSION_DENIED", member, "ProjectsService/GetProject", project_id=mine)
            emails = lambda: [u.email for u in admin("ProjectsService/ListProjectMembers", project_id=mine).project_members]
            assert emails() == ["project_admin@example.com"], emails()
            project_admin("ProjectsService/AddProjectMembers", project_id=mine, emails=["MEMBER@example.com", "stranger@example.com"])
            project_admin("ProjectsService/AddProjectMembers", project_id=mine, emails=["member@example.com"])
            assert len(emails()) == 3
            assert member("ProjectsService/GetProject", project_id=mine).project.name == "mine"
            refused("NOT_FOUND", admin, "ProjectsService/AddProjectMembers", project_id=mine, emails=["approver@example.com", "x@example.com"])
            assert len(emails()) == 3, "nothing of a refused call is done"
            assert "emails" in refused("INVALID_ARGUMENT", admin, "ProjectsService/AddProjectMembers", project_id=mine, emails=["no address"])
            refused("INVALID_ARGUMENT", admin, "ProjectsService/AddProjectMembers", project_id=mine)
            admin("ProjectsService/RemoveProjectMembers", project_id=mine, emails=["member@example.com"])
            refused("PERMISSION_DENIED", member, "ProjectsService/GetProject", project_id=mine)
            refused("NOT_FOUND", admin, "ProjectsService/RemoveProjectMembers", project_id=mine, emails=["member@example.com"])
            """)
    }
}
