import JSON
import TestKit
import Testing

@Suite struct InstallationTests {
    @Test func `the installation is found, its secret is for admins, and its file logs in`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            import base64, ssl, urllib.request
            own = admin("InstallationsService/GetInstallation", installation_id=installation).installation
            assert own.id == installation and own.installation_type == 2 and len(own.billing_account_id) == 36
            assert own.installation_credentials.client_id.startswith("ins-")
            secret = own.installation_credentials.client_secret
            assert len(secret) == 30
            listed = admin("InstallationsService/ListInstallations").installations
            assert [i.id for i in listed] == [installation] and secret not in str(listed)
            for caller in [member, approver, project_admin, data_plane]:
                assert caller("InstallationsService/GetInstallation", installation_id=installation).installation.installation_credentials.client_secret == ""
            gone = "00000000-0000-4000-8000-000000000000"
            refused("NOT_FOUND", admin, "InstallationsService/GetInstallation", installation_id=gone)
            refused("PERMISSION_DENIED", data_plane, "InstallationsService/GetInstallation", installation_id=gone)
            refused("INVALID_ARGUMENT", admin, "InstallationsService/GetInstallation", installation_id="x")
            assert admin("InstallationsService/GetProjectInstallation", project_id=project).installation_id == installation
            assert list(admin("InstallationsService/ListInstallationProjects", installation_id=installation).project_ids) == [project]

            file = json.load(open(rig["state"] + "/secrets/installation"))
            assert file["installationId"] == installation and file["clientSecret"] == secret
            basic = base64.b64encode((file["clientId"] + ":" + secret).encode()).decode()
            request = urllib.request.Request(
                rig["auth"] + "/auth/realms/installations/protocol/openid-connect/token", b"grant_type=client_credentials",
                {"authorization": "Basic " + basic})
            token = json.load(urllib.request.urlopen(request, context=ssl.create_default_context(cafile=rig["ca"])))["access_token"]
            assert Api(rig["plain"], token)("PlaneService/GetPlane").version
            secure = Api(rig["secure"], token, ca=open(rig["ca"], "rb").read())
            assert secure("PlaneService/GetPlane").version
            """, more: ["state": .string(rig.plane.folder.file("state"))])
    }

    @Test func `components tell how they are`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            tell = "InstalledComponentsService/UpdateInstalledComponentState"
            def state(kind, instance, state, message=""):
                return {"component_type": kind, "instance_id": instance, "installation_id": installation,
                        "installed_component_state": {"state_type": state, "message": message}}
            data_plane(tell, **state("STREAMS_AGENT", "host-1", "PROVISIONED", "starting"))
            data_plane(tell, **state("STREAMS_AGENT", "host-1", "RUNNING"))
            data_plane(tell, **state("EVENT_GATEWAY", "host-1", "RUNNING"))
            data_plane(tell, **state("EVENT_GATEWAY", "host-2", "ERROR", "on fire"))
            ask = {"installation_id": installation}
            listed = member("InstalledComponentsService/ListInstalledComponents", **ask).installed_components
            shape = [(c.component_type, [(i.id, [(s.state_type, s.message) for s in i.states]) for i in c.instances]) for c in listed]
            assert shape == [(4, [("host-1", [(1, "starting"), (2, "")])]), (5, [("host-1", [(2, "")]), ("host-2", [(3, "on fire")])])], shape
            assert abs(listed[0].instances[0].states[0].state_time.seconds - time.time()) < 60
            now = member("InstalledComponentsService/ListInstalledComponentsCurrentStates", **ask).installed_components
            assert [(c.component_type, [(i.id, i.state.state_type) for i in c.instances]) for c in now] == [(4, [("host-1", 2)]), (5, [("host-1", 2), ("host-2", 3)])]
            one = member("InstalledComponentsService/GetInstalledComponent", installed_component_type="EVENT_GATEWAY", **ask).installed_component
            assert one == listed[1]
            refused("NOT_FOUND", member, "InstalledComponentsService/GetInstalledComponent", installed_component_type="WEB_SOCKET", **ask)

            refused("PERMISSION_DENIED", admin, tell, **state("EVENT_GATEWAY", "host-1", "RUNNING"))
            refused("PERMISSION_DENIED", data_plane, tell, **{**state("EVENT_GATEWAY", "host-1", "RUNNING"), "installation_id": "00000000-0000-4000-8000-000000000000"})
            refused("INVALID_ARGUMENT", data_plane, tell, **state(0, "host-1", "RUNNING"))
            refused("INVALID_ARGUMENT", data_plane, tell, **state("EVENT_GATEWAY", "abc", "RUNNING"))
            refused("INVALID_ARGUMENT", data_plane, tell, **state("EVENT_GATEWAY", "host-1", 0))
            refused("INVALID_ARGUMENT", data_plane, tell, **state("EVENT_GATEWAY", "host-1", "RUNNING", "abc"))
            refused("INVALID_ARGUMENT", data_plane, tell, component_type=5, instance_id="host-1", installation_id=installation)
            """)
    }

    @Test func `images and releases are those of this version`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            for method, image in [("GetDecrypterImage", "decrypter"), ("GetBatchExporterImage", "batch-exporter"), ("GetBatchJobRunnerImage", "batch-job")]:
                answer = data_plane("CustomerEntityVersionsService/" + method, installation_type="SELF_HOSTED")
                assert answer.image == image and answer.image_tag
                refused("INVALID_ARGUMENT", data_plane, "CustomerEntityVersionsService/" + method)
                refused("PERMISSION_DENIED", admin, "CustomerEntityVersionsService/" + method, installation_type="SELF_HOSTED")
            release = admin("CliService/GetRelease").release
            assert release.version == "v" + answer.image_tag
            assert admin("CliService/GetRelease", version=release.version).release == release
            refused("NOT_FOUND", admin, "CliService/GetRelease", version="v9.9.9")
            refused("INVALID_ARGUMENT", admin, "CliService/GetRelease", version="latest")
            """)
    }
}
