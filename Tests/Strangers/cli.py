"""The public command-line tool, played: every one of its commands with the calls that it makes, the metadata that it sends, and what it
reads of the answers. Where the tool would crash or end, an assertion fails here.

  cli.py commands                          every command, by the story that plays it, as one JSON object
  cli.py STORY READY_FILE FOLDER           plays a story against a running plane; FOLDER is the tool's configuration folder

What the tool depends on, and how each is known to hold, is told in `Services/ControlPlane/COMMANDS.md`.
"""
import base64, functools, http.client, io, json, os, pathlib, ssl, sys, threading, time, urllib.parse, uuid, zipfile

for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(name, None)  # they would win over the authority that is given
import fastavro, grpc, httpx, requests, websockets.exceptions, websockets.sync.client
from google.protobuf import json_format
from api import Api
from login import Browser, Forms, Tool as Login, tokens

STORIES = {}  # name → function
COMMANDS = {}  # name of a command → its story
played = set()


def story(*commands):
    """A story, and the commands that it must play."""
    def note(function):
        STORIES[function.__name__] = function
        for name in commands:
            assert name not in COMMANDS, name
            COMMANDS[name] = function.__name__
        return function
    return note


def command(*names):
    """A command of the tool: first what it does before every command, then its own calls."""
    def note(function):
        @functools.wraps(function)
        def run(tool, *arguments, **options):
            tool.begin_command(options.pop("project_flag", None))
            played.update(names)
            return function(tool, *arguments, **options)
        return run
    return note


VERSION = "3.16.1"
NAMES = {code: "".join(word.capitalize() for word in code.name.split("_")) for code in grpc.StatusCode}


class Ended(Exception):
    """What the tool prints on standard error before it ends with status 1."""


class Plane:
    """What the ready-file of a plane says, and somebody with a browser."""

    def __init__(self, path):
        ready = json.load(open(path))
        self.urls, self.ca = ready["urls"], ready["caFile"]
        self.site = self.urls["authPlain"]
        self.admin = ready["adminUser"]["email"]
        self.password = open(ready["adminUser"]["passwordFile"]).read().strip()

    def invite(self, admin, email, role, password):
        """Somebody is invited with the tool; the admin passes the link on, and they choose a password behind it."""
        assert admin.invite_users([email], role).invite_count == 1
        browser = Browser(self.site, self.ca)
        browser.submit(browser.get("/auth/account"), email=self.admin, password=self.password)
        page = browser.get("/auth/account")
        number = next(n for n, form in enumerate(Forms(page.text).forms) if form[1].get("for") == email)
        link = next(word for word in Forms(browser.submit(page, number).text).text.split() if "/auth/password/" in word)
        guest = Browser(self.site, self.ca)
        assert guest.submit(guest.get(urllib.parse.urlsplit(link).path), new=password, again=password).status_code == 200


class Tool:
    """The tool with its configuration folder: `strm-creds-<host>.json`, `active_projects.json`, `saved-entities`."""

    def __init__(self, plane, folder):
        self.plane, self.folder = plane, pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        host = urllib.parse.urlsplit(plane.urls["apiPlain"]).netloc
        self.channel = Api(host)
        self.token_file = self.folder / f"strm-creds-{urllib.parse.urlsplit(plane.site).hostname}.json"
        self.projects, self.project = [], None

    # --- before every command

    def begin_command(self, flag):
        """Token, projects, the active one. Without a login the tool calls without a token, and is refused."""
        self.projects, self.project = [], None
        if not self.token_file.exists():
            return
        self.access_token()
        self.projects = list(self.call("ProjectsService/ListProjects").projects)
        if not self.projects:
            raise Ended("no projects")
        names = [project.name for project in self.projects]
        if flag is not None:
            if flag not in names:
                raise Ended(f"no project {flag}")
            chosen = flag
        else:
            users = self.active_users()
            chosen = users.get(self.login["email"], {}).get("active_project") or names[0]
            if chosen not in names:
                self.set_active(names[0])
                raise Ended(f"project {chosen} is gone")
        self.project = next(project for project in self.projects if project.name == chosen)
        assert str(uuid.UUID(self.project.id)) == self.project.id
        if flag is None:
            self.set_active(chosen)

    def active_users(self):
        file = self.folder / "active_projects.json"
        return {user["email"]: user for user in json.loads(file.read_text())["users"]} if file.exists() else {}

    def set_active(self, name, **more):
        users = self.active_users()
        users[self.login["email"]] = {"zed_token": "", **users.get(self.login["email"], {}), "active_project": name,
                                      "email": self.login["email"], **more}
        (self.folder / "active_projects.json").write_text(json.dumps({"users": list(users.values())}))

    # --- tokens

    @property
    def login(self):
        return json.loads(self.token_file.read_text())

    def keep(self, answer):
        """The e-mail address is read from the token's payload, without a look at the signature: it must be a text."""
        payload = answer["access_token"].split(".")[1]
        email = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["email"]
        assert isinstance(email, str) and email
        assert answer["token_type"].lower() == "bearer" and int(answer["expires_in"]) > 0
        self.token_file.write_text(json.dumps({
            "accessToken": answer["access_token"], "refreshToken": answer["refresh_token"],
            "expiresAt": int(time.time()) + int(answer["expires_in"]), "email": email}))

    def access_token(self):
        """The stored token, or another one when it is over; a refresh that fails ends the login."""
        stored = self.login
        if stored["expiresAt"] <= time.time():
            answer = Login(self.plane.site, self.plane.ca).refresh(stored["refreshToken"])
            if answer.status_code != 200:
                assert answer.json()["error"] == "invalid_grant", answer.text
                self.token_file.unlink()
                raise Ended("log in again")
            self.keep(answer.json())
        return self.login["accessToken"]

    # --- calls

    def metadata(self):
        fields = [("strm-cli-version", VERSION)]
        if self.token_file.exists():
            fields.append(("authorization", f"Bearer {self.login['accessToken']}"))
            zed = self.active_users().get(self.login["email"], {}).get("zed_token") or "GhUKEzE2OTA4"
            fields += [("strm-zed-token", zed), ("strm-zed-token", zed)]
        return fields

    def call(self, method, **fields):
        stub, request = self.channel.begin(method, fields)
        try:
            answer, call = stub.with_call(request, metadata=self.metadata(), timeout=60)
        except grpc.RpcError as error:
            raise Ended(f"Error code = {NAMES[error.code()]}\nDetails = {error.details()}") from None
        zed = dict(call.initial_metadata()).get("strm-zed-token")
        if zed is not None:
            self.set_active(self.active_users()[self.login["email"]]["active_project"], zed_token=zed)
        json_format.MessageToJson(answer)  # `-o json` prints everything
        return answer

    def stream(self, method, **fields):
        """Server streams have no interceptor that reads tokens back."""
        stub, request = self.channel.begin(method, fields)
        return stub(request, metadata=self.metadata(), timeout=60)

    def ref(self, name):
        return {"name": name, "project_id": self.project.id}

    def save(self, message, name):
        folder = self.folder / "saved-entities" / message.DESCRIPTOR.name
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{name}.json"
        file.write_text(json_format.MessageToJson(message))
        return json.loads(file.read_text())

    # --- auth

    def address(self, login):
        """The tool's local server sends a browser there; headless, the tool follows the redirects itself and prints where they end."""
        answer = requests.get(self.plane.site + login.address(), verify=self.plane.ca)
        assert answer.status_code == 200 and "<form" in answer.text, answer.text
        return answer.url

    def auth_login(self, email, password, port=10000, remote=False):
        login = Login(self.plane.site, self.plane.ca)
        login.redirect = f"http://localhost:{port}"
        address, browser = self.address(login), Browser(self.plane.site, self.plane.ca)
        page = browser.get(address)
        code = login.arrived(browser.submit(page, email=email, password=password))["code"]
        if remote:  # one machine prints, another one reads
            printed = base64.b64encode(json.dumps({"OAuth2Config": {"ClientID": "cli", "RedirectURL": login.redirect}, "Code": code}).encode())
            code = json.loads(base64.b64decode(printed))["Code"]
        self.keep(tokens(login.exchange(code)))
        played.add("auth login")

    @command("auth print-access-token", "auth show")
    def auth_show(self):
        return self.access_token()

    def auth_revoke(self):
        self.token_file.unlink()
        played.add("auth revoke")

    # --- context

    @command("context info", "context config", "version", "completion")
    def context_info(self):
        return sorted(path.name for path in self.folder.iterdir())

    @command("context account")
    def context_account(self):
        return self.call("AccountService/GetAccountDetails")

    @command("context project")
    def context_project(self, name=None):
        if name is not None:
            assert name in [project.name for project in self.projects]
            self.set_active(name)
        return self.active_users()[self.login["email"]]["active_project"]

    # --- projects and people

    @command("list projects")
    def list_projects(self):
        return [(project.name, project.id, project.description) for project in self.projects]

    @command("get project")
    def get_project(self, name):
        known = next(project for project in self.projects if project.name == name)
        return self.call("ProjectsService/GetProject", project_id=known.id).project

    def create_project(self, name, description=""):
        """Does nothing beforehand: there may be no project yet."""
        played.add("create project")
        return self.call("ProjectsService/CreateProject", project={"name": name, "description": description}).project

    @command("delete project")
    def delete_project(self, name):
        known = next(project for project in self.projects if project.name == name)
        self.call("ProjectsService/DeleteProject", project_id=known.id)

    @command("manage project")
    def manage_project(self, add=(), remove=()):
        if add:
            self.call("ProjectsService/AddProjectMembers", emails=list(add), project_id=self.project.id)
        if remove:
            self.call("ProjectsService/RemoveProjectMembers", emails=list(remove), project_id=self.project.id)

    @command("list users")
    def list_users(self, organization=False):
        users = (self.call("OrganizationsService/ListOrganizationMembers").organization_members if organization
                 else self.call("ProjectsService/ListProjectMembers", project_id=self.project.id).project_members)
        return {user.email: (user.first_name, user.last_name, list(user.user_roles)) for user in users}

    @command("get user")
    def get_user(self, email):
        return self.call("OrganizationsService/GetUser", email=email).user

    @command("invite users")
    def invite_users(self, emails, role):
        answer = self.call("OrganizationsService/InviteUsers", user_invites=[{"email": e, "user_role": role} for e in emails])
        assert all(issue.HasField("invite") and issue.message for issue in answer.issues)
        return answer

    @command("manage user-roles")
    def manage_user_roles(self, emails, roles):
        self.call("OrganizationsService/UpdateUserRoles", emails=emails, user_roles=roles)

    @command("list installations")
    def list_installations(self):
        return list(self.call("InstallationsService/ListInstallations").installations)

    @command("get installation")
    def get_installation(self, id):
        return self.call("InstallationsService/GetInstallation", installation_id=id).installation

    # --- streams

    def policy_names(self):
        """Beside other answers. The tool reads the answer before it looks for an error: there must never be one."""
        return {policy.id: policy.name for policy in self.call("PoliciesService/ListPolicies").policies}

    def policy_id(self, name):
        return next(id for id, known in self.policy_names().items() if known == name)

    @command("create stream")
    def create_stream(self, name="", derived_from="", purposes=(), masks=None, seed="", policy_name=None, save=True, **more):
        stream = {"ref": self.ref(name), "masked_fields": {"seed": seed, "field_patterns": masks or {}}, **more}
        if policy_name:
            stream["policy_id"] = self.policy_id(policy_name)
        if derived_from:
            stream.update(linked_stream=derived_from, consent_levels=list(purposes), consent_level_type="GRANULAR")
        made = self.call("StreamsService/CreateStream", stream=stream).stream
        if made.policy_id:
            assert self.policy_names()[made.policy_id]
        if save:
            assert made.ref.name and "/" not in made.ref.name
            saved = self.save(made, made.ref.name)
            assert saved["credentials"][0]["clientId"] and saved["credentials"][0]["clientSecret"]
        return made

    def stream_rows(self, streams):
        """The table; a column for the topic when any stream has one."""
        names = self.policy_names() if any(stream.policy_id for stream in streams) else {}
        has_topics = any(stream.kafka_topic for stream in streams)
        return [[stream.ref.name, bool(stream.linked_stream), list(stream.consent_levels), stream.enabled, names.get(stream.policy_id, "")]
                + ([stream.kafka_topic] if has_topics else []) for stream in streams]

    @command("list streams")
    def list_streams(self, recursive=False):
        trees = self.call("StreamsService/ListStreams", project_id=self.project.id, recursive=recursive).streams
        assert all(tree.HasField("stream") for tree in trees)
        return self.stream_rows([tree.stream for tree in trees])

    @command("get stream")
    def get_stream(self, name, recursive=False):
        tree = self.call("StreamsService/GetStream", ref=self.ref(name), recursive=recursive).stream_tree
        row, = self.stream_rows([tree.stream])
        return tree, row

    @command("delete stream")
    def delete_stream(self, name, recursive=False):
        self.call("StreamsService/GetStream", ref=self.ref(name), recursive=recursive)
        self.call("StreamsService/DeleteStream", ref=self.ref(name), recursive=recursive)

    @command("list key-streams")
    def list_key_streams(self):
        return [keys.ref.name for keys in self.call("KeyStreamsService/ListKeyStreams", project_id=self.project.id).key_streams]

    @command("get key-stream")
    def get_key_stream(self, name):
        return self.call("KeyStreamsService/GetKeyStream", ref=self.ref(name)).key_stream

    # --- connectors, exporters, jobs

    @command("create data-connector")
    def create_data_connector(self, name, **location):
        made = self.call("DataConnectorsService/CreateDataConnector", data_connector={"ref": self.ref(name), **location}).data_connector
        assert made.WhichOneof("location") == list(location)[0]
        return made

    def connector_rows(self, connectors, recursive):
        rows = []
        for connector in connectors:
            row = [connector.ref.name, connector.WhichOneof("location")]
            if recursive:  # the tool reads inside without a look
                assert connector.HasField("dependent_entities")
                row.append(len(connector.dependent_entities.batch_exporters) + len(connector.dependent_entities.batch_jobs))
            rows.append(row)
        return rows

    @command("list data-connectors")
    def list_data_connectors(self, recursive=False):
        found = self.call("DataConnectorsService/ListDataConnectors", project_id=self.project.id, recursive=recursive)
        return self.connector_rows(found.data_connectors, recursive)

    @command("get data-connector")
    def get_data_connector(self, name, recursive=False):
        found = self.call("DataConnectorsService/GetDataConnector", ref=self.ref(name), recursive=recursive).data_connector
        return self.connector_rows([found], recursive)[0]

    @command("delete data-connector")
    def delete_data_connector(self, name, recursive=False):
        self.call("DataConnectorsService/DeleteDataConnector", ref=self.ref(name), recursive=recursive)

    @command("create batch-exporter")
    def create_batch_exporter(self, stream, connector=None, name="", interval=60, path_prefix="", export_keys=False, existing=False):
        known = [c.ref.name for c in self.call("DataConnectorsService/ListDataConnectors", project_id=self.project.id).data_connectors]
        if connector is None:  # the only one
            connector, = known
        assert connector in known
        source = {"key_stream_ref" if export_keys else "stream_ref": self.ref(stream)}
        return self.call("BatchExportersService/CreateBatchExporter", batch_exporter={
            "ref": self.ref(name), **source, "interval": f"{interval}s", "data_connector_ref": self.ref(connector),
            "path_prefix": path_prefix, "include_existing_events": existing}).batch_exporter

    @staticmethod
    def exporter_row(exporter):
        source = exporter.WhichOneof("stream_or_key_stream_ref")
        return [exporter.ref.name, source, getattr(exporter, source).name, exporter.data_connector_ref.name, exporter.interval.seconds, exporter.path_prefix]

    @command("list batch-exporters")
    def list_batch_exporters(self):
        return [self.exporter_row(e) for e in self.call("BatchExportersService/ListBatchExporters", project_id=self.project.id).batch_exporters]

    @command("get batch-exporter")
    def get_batch_exporter(self, name):
        return self.exporter_row(self.call("BatchExportersService/GetBatchExporter", ref=self.ref(name)).batch_exporter)

    @command("delete batch-exporter")
    def delete_batch_exporter(self, name):
        self.call("BatchExportersService/DeleteBatchExporter", ref=self.ref(name))

    @staticmethod
    def job_row(wrapper):
        """The tool reads the first of the states, and shows the newest."""
        kind = wrapper.WhichOneof("job")
        job = getattr(wrapper, kind)
        assert job.states[0].state and job.states[0].state_time.seconds
        newest = max(job.states, key=lambda state: (state.state_time.seconds, state.state_time.nanos))
        return [job.ref.id, kind, newest.state, newest.message]

    @command("create batch-job")
    def create_batch_job(self, kind, job, policy_name=None):
        """Only in the newer field."""
        if policy_name:
            job = {**job, "policy_id": self.policy_id(policy_name)}
        made = self.call("BatchJobsService/CreateBatchJob", job={kind: {**job, "ref": {"project_id": self.project.id}}})
        return self.job_row(made.job)

    @command("list batch-jobs")
    def list_batch_jobs(self):
        found = self.call("BatchJobsService/ListBatchJobs", project_id=self.project.id)
        return [self.job_row(job) for job in found.jobs], [job.ref.id for job in found.batch_jobs]

    @command("get batch-job")
    def get_batch_job(self, id):
        return self.job_row(self.call("BatchJobsService/GetBatchJob", ref={"id": id, "project_id": self.project.id}).job)

    @command("delete batch-job")
    def delete_batch_job(self, id):
        self.call("BatchJobsService/DeleteBatchJob", ref={"id": id, "project_id": self.project.id})

    # --- contracts

    @staticmethod
    def contract_ref(text):
        handle, name, version = text.split("/")
        return {"handle": handle, "name": name, "version": version}

    @command("create data-contract")
    def create_data_contract(self, ref, schema, contract, public=False):
        """A schema that reads as a simple one is sent as that; anything else as its text, whatever language it is."""
        ref = self.contract_ref(ref)
        kind = "simple_schema" if isinstance(schema, dict) else "definition"
        made = self.call("DataContractsService/CreateDataContract", project_id=self.project.id, data_contract={
            **contract, "ref": ref, "project_id": self.project.id, "is_public": public, "schema": {"ref": ref, kind: schema}})
        assert made.checksum and made.data_contract.schema.definition
        return made.data_contract

    @staticmethod
    def contract_row(contract):
        return [f"{contract.ref.handle}/{contract.ref.name}/{contract.ref.version}", contract.DESCRIPTOR.enum_types_by_name["State"]
                .values_by_number[contract.state].name, contract.is_public, contract.key_field, len(contract.pii_fields), len(contract.field_metadata)]

    @command("list data-contracts")
    def list_data_contracts(self):
        """Table and completion read the deprecated field; JSON prints both."""
        found = self.call("DataContractsService/ListDataContracts", project_id=self.project.id)
        assert [item.data_contract for item in found.data_contracts_and_checksums] == list(found.data_contracts)
        assert all(item.checksum for item in found.data_contracts_and_checksums)
        return {row[0]: row[1:] for row in map(self.contract_row, found.data_contracts)}

    @command("get data-contract")
    def get_data_contract(self, ref):
        return self.call("DataContractsService/GetDataContract", ref=self.contract_ref(ref)).data_contract

    @command("delete data-contract")
    def delete_data_contract(self, ref):
        self.call("DataContractsService/DeleteDataContract", data_contract_ref=self.contract_ref(ref), project_id=self.project.id)

    @command("review data-contract")
    def review(self, ref):
        self.call("DataContractsService/ReviewDataContract", data_contract_ref=self.contract_ref(ref))

    @command("approve data-contract")
    def approve(self, ref):
        self.call("DataContractsService/ApproveDataContract", data_contract_ref=self.contract_ref(ref))

    @command("activate data-contract")
    def activate(self, ref):
        self.call("DataContractsService/ActivateDataContract", data_contract_ref=self.contract_ref(ref))

    @command("archive data-contract")
    def archive(self, ref):
        self.call("DataContractsService/ArchiveDataContract", data_contract_ref=self.contract_ref(ref))

    @command("get schema-code")
    def get_schema_code(self, ref, language):
        code = self.call("DataContractsService/GetDataContractSchemaCode", data_contract_ref=self.contract_ref(ref), language=language)
        assert len(code.data) == code.data_size and "/" not in code.filename
        (self.folder / code.filename).write_bytes(code.data)
        return code.filename, zipfile.ZipFile(io.BytesIO(code.data)).namelist()

    # --- data subjects

    @command("list data-subjects")
    def list_data_subjects(self, page_size=0, page_token=""):
        answer = self.call("DataSubjectsService/ListDataSubjects", page_size=page_size, page_token=page_token)
        return [subject.data_subject_id for subject in answer.data_subjects], answer.next_page_token

    @command("list data-subject-keylinks")
    def list_data_subject_keylinks(self, *ids):
        found = self.call("DataSubjectsService/ListDataSubjectKeylinks", data_subject_id=list(ids)).data_subject_keylinks
        return {subject.data_subject_id: [(link.key_link, link.expiry_time.seconds) for link in subject.keylinks_and_timestamps] for subject in found}

    @command("delete data-subjects")
    def delete_data_subjects(self, *ids):
        return self.call("DataSubjectsService/DeleteDataSubjects", data_subjects=list(ids)).deleted_keylinks_count

    # --- policies and purposes

    @command("list policies")
    def list_policies(self):
        return {p.name: [p.id, p.retention_days, p.DESCRIPTOR.enum_types_by_name["State"].values_by_number[p.state].name]
                for p in self.call("PoliciesService/ListPolicies").policies}

    @command("get policy")
    def get_policy(self, id="", name=None):
        return self.call("PoliciesService/GetPolicy", policy_id=self.policy_id(name) if name else id).policy

    @command("create policy")
    def create_policy(self, name, retention, description="", legal_grounds=""):
        """The tool chooses the id."""
        id = str(uuid.uuid4())
        made = self.call("PoliciesService/CreatePolicy", policy={"id": id, "name": name, "description": description,
                         "legal_grounds": legal_grounds, "retention_days": retention, "state": "STATE_DRAFT"}).policy
        assert made.id == id and made.state == 1
        return made

    @command("update policy")
    def update_policy(self, id, **changes):
        mask = ",".join("".join(w.capitalize() if n else w for n, w in enumerate(k.split("_"))) for k in changes)
        return self.call("PoliciesService/UpdatePolicy", policy={"id": id, **changes}, update_mask=mask).policy

    @command("activate policy")
    def activate_policy(self, name):
        return self.call("PoliciesService/UpdatePolicy", policy={"id": self.policy_id(name), "state": "STATE_ACTIVE"}, update_mask="state").policy

    @command("archive policy")
    def archive_policy(self, name):
        return self.call("PoliciesService/UpdatePolicy", policy={"id": self.policy_id(name), "state": "STATE_ARCHIVED"}, update_mask="state").policy

    @command("delete policy")
    def delete_policy(self, name):
        self.call("PoliciesService/DeletePolicy", policy_id=self.policy_id(name))

    @command("list purpose-mappings")
    def list_purpose_mappings(self):
        return {m.level: m.purpose for m in self.call("PurposeMappingService/ListPurposeMappings").purpose_mappings}

    @command("get purpose-mapping")
    def get_purpose_mapping(self, level):
        return self.call("PurposeMappingService/GetPurposeMapping", level=level).purpose_mapping.purpose

    @command("create purpose-mapping")
    def create_purpose_mapping(self, purpose):
        return self.call("PurposeMappingService/CreatePurposeMapping", purpose_mapping={"purpose": purpose}).purpose_mapping

    # --- Kafka

    @command("list kafka-clusters")
    def list_kafka_clusters(self):
        return [c.ref.name for c in self.call("KafkaClustersService/ListKafkaClusters", project_id=self.project.id).kafka_clusters]

    @command("get kafka-cluster")
    def get_kafka_cluster(self, name):
        return self.call("KafkaClustersService/GetKafkaCluster", ref=self.ref(name)).kafka_cluster

    @command("create kafka-exporter")
    def create_kafka_exporter(self, stream, cluster=None):
        exporter = {"ref": {"project_id": self.project.id}, "stream_ref": self.ref(stream)}
        if cluster is not None:
            exporter["target"] = {"cluster_ref": cluster}
        made = self.call("KafkaExportersService/CreateKafkaExporter", kafka_exporter=exporter).kafka_exporter
        saved = self.save(made.users[0], made.ref.name)
        assert saved["clientId"] and saved["clientSecret"] and saved["topic"] == made.target.topic
        return made

    @command("list kafka-exporters")
    def list_kafka_exporters(self):
        return [e.ref.name for e in self.call("KafkaExportersService/ListKafkaExporters", project_id=self.project.id).kafka_exporters]

    @command("get kafka-exporter")
    def get_kafka_exporter(self, name):
        return self.call("KafkaExportersService/GetKafkaExporter", ref=self.ref(name)).kafka_exporter

    @command("delete kafka-exporter")
    def delete_kafka_exporter(self, name, recursive=False):
        self.call("KafkaExportersService/GetKafkaExporter", ref=self.ref(name))
        self.call("KafkaExportersService/DeleteKafkaExporter", ref=self.ref(name), recursive=recursive)

    @command("create kafka-user")
    def create_kafka_user(self, exporter):
        self.call("KafkaExportersService/GetKafkaExporter", ref=self.ref(exporter))
        made = self.call("KafkaUsersService/CreateKafkaUser", kafka_user={
            "ref": {"project_id": self.project.id}, "kafka_exporter_name": exporter}).kafka_user
        saved = self.save(made, made.ref.name)
        assert saved["clientSecret"] and saved["topic"]
        return made

    @command("list kafka-users")
    def list_kafka_users(self, exporter):
        return [u.ref.name for u in self.call("KafkaUsersService/ListKafkaUsers", ref=self.ref(exporter)).kafka_users]

    @command("get kafka-user")
    def get_kafka_user(self, name):
        return self.call("KafkaUsersService/GetKafkaUser", ref=self.ref(name)).kafka_user

    @command("delete kafka-user")
    def delete_kafka_user(self, name):
        self.call("KafkaUsersService/DeleteKafkaUser", ref=self.ref(name))

    @command("listen kafka")
    def listen_kafka(self, exporter):
        """As far as a plane without a Kafka cluster goes: with whom and where the consumer would log in."""
        found = self.call("KafkaExportersService/GetKafkaExporter", ref=self.ref(exporter)).kafka_exporter
        user = found.users[0]
        assert found.target.topic and user.client_id and user.client_secret
        return found.target.topic

    # --- monitoring, logs, usage

    MONITOR_MASK = "stateTime,ref,status,message,resourceType"

    def states(self, kind, name, mask, follow):
        ref = {"project_id": self.project.id, **({"type": kind} if kind else {}), **({"name": name} if name else {})}
        if not follow:
            return list(self.call("MonitoringService/GetLatestEntityStates", ref=ref, projection_mask=mask).state)
        call = self.stream("MonitoringService/GetEntityState", ref=ref, projection_mask=mask)
        first = next(call).state
        call.cancel()
        return [first]

    @command("monitor")
    def monitor(self, kind=None, name=None, follow=False):
        return self.states(kind, name, self.MONITOR_MASK, follow)

    @command("logs")
    def logs(self, kind, name, follow=False):
        return self.states(kind, name, "logs", follow)

    @command("get usage")
    def get_usage(self, stream, start, end, by):
        answer = self.call("UsageService/GetStreamEventUsage", ref=self.ref(stream), start_time=start, end_time=end, interval=f"{by}s")
        rows = []
        for first, second in zip(answer.windows, answer.windows[1:]):
            seconds = second.start_time.seconds - first.start_time.seconds
            rows.append((first.start_time.seconds, second.event_count - first.event_count, (second.event_count - first.event_count) / seconds))
        return rows

    # --- events

    def stream_token(self, credentials):
        """golang.org/x/oauth2/clientcredentials: Basic, with id and secret encoded for a form."""
        pair = ":".join(urllib.parse.quote_plus(part) for part in (credentials.client_id, credentials.client_secret))
        answer = requests.post(
            self.plane.site + "/auth/realms/streams/protocol/openid-connect/token",
            data={"grant_type": "client_credentials", "scope": "offline_access"},
            headers={"authorization": "Basic " + base64.b64encode(pair.encode()).decode()})
        assert answer.status_code == 200, answer.text
        return tokens(answer)["access_token"]

    @command("simulate random-events")
    def simulate(self, name, count, purposes=("", "0", "0/1", "0/1/2", "0/1/2/3"), prefix="session"):
        """Each event in a task of its own, over connections that are kept; any answer but 204 ends the tool."""
        stream = self.call("StreamsService/GetStream", ref=self.ref(name)).stream_tree.stream
        if stream.linked_stream:
            raise Ended("events cannot be sent to a derived stream")
        token = self.stream_token(stream.credentials[0])
        url = urllib.parse.urlsplit(self.plane.urls["eventsPlain"])
        numbers, answers = iter(range(count)), []
        lock = threading.Lock()

        def send():
            connection = http.client.HTTPConnection(url.hostname, url.port)
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return connection.close()
                levels = [int(level) for level in purposes[number % len(purposes)].split("/") if level]
                body = example_event(levels, f"unique-{number % 100}", f"{prefix}-{number}", "sensitive-0", "not-sensitive-6")
                connection.putrequest("POST", url.path, skip_accept_encoding=True)
                for field in {"authorization": f"Bearer {token}", "Strm-Schema-Ref": EXAMPLE, "content-length": str(len(body))}.items():
                    connection.putheader(*field)
                connection.endheaders(body)  # no content type, no serialization type
                answer = connection.getresponse()
                answers.append((answer.status, answer.read().decode()))

        tasks = [threading.Thread(target=send) for _ in range(4)]
        for task in tasks:
            task.start()
        for task in tasks:
            task.join()
        bad = [answer for answer in answers if answer != (204, "")]
        if bad or len(answers) != count:
            raise Ended(f"{bad[:3]}")

    @command("listen web-socket")
    def listen(self, name):
        """A connection that shows what comes from now on. The field's name is in small letters, and there is no query."""
        stream = self.call("StreamsService/GetStream", ref=self.ref(name)).stream_tree.stream
        credentials = stream.credentials[0]
        assert credentials.client_id and credentials.client_secret
        return websockets.sync.client.connect(
            self.plane.urls["webSocketPlain"], additional_headers={"authorization": f"Bearer {self.stream_token(credentials)}"},
            compression=None, user_agent_header="Go-http-client/1.1", open_timeout=60)

    @command("evaluate diagnostics")
    def evaluate(self, text, qi, sa, metrics=("k-anonymity", " l-diversity", " t-closeness")):
        """A form with the file, to the host of the API with TLS, whatever port that is; the status is not looked at."""
        form = {f"{name}[{n}]": value for name, values in (("qi", qi), ("sa", sa), ("metrics", metrics)) for n, value in enumerate(values)}
        with httpx.Client(http2=True, verify=ssl.create_default_context(cafile=self.plane.ca)) as client:
            answer = client.post(
                self.plane.urls["api"] + "/privacy-diagnostics/upload", data=form, files={"upload": ("people.csv", text)},
                headers={"authorization": f"Bearer {self.access_token()}"})
        result = answer.json()
        if result["error"]:
            raise Ended(result["error"])
        return result


EXAMPLE = "strmprivacy/example/1.5.0"


def example_schema():
    meta = [{"name": "eventContractRef", "type": "string"}] + [
        {"name": name, "type": ["null", kind], "default": None}
        for name, kind in (("nonce", "int"), ("timestamp", "long"), ("keyLink", "string"), ("billingId", "string"))
    ] + [{"name": "consentLevels", "type": {"type": "array", "items": "int"}}]
    optional = {"type": ["null", "string"], "default": None}
    return {"type": "record", "name": "DemoEvent", "namespace": "io.strmprivacy.schemas.demo.v1", "fields": [
        {"name": "strmMeta", "type": {"type": "record", "name": "StrmMeta", "fields": meta}}, {"name": "uniqueIdentifier", **optional},
        {"name": "consistentValue", "type": "string"}, {"name": "someSensitiveValue", **optional}, {"name": "notSensitiveValue", **optional}]}


def example_event(levels, unique, consistent, sensitive, plain):
    """An event as the tool's compiled-in class writes it: the bare Avro datum."""
    meta = {"eventContractRef": EXAMPLE, "nonce": None, "timestamp": None, "keyLink": None, "billingId": None, "consentLevels": levels}
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(example_schema()), {
        "strmMeta": meta, "uniqueIdentifier": unique, "consistentValue": consistent, "someSensitiveValue": sensitive, "notSensitiveValue": plain})
    return out.getvalue()


def ends(code, function, *arguments, **options):
    """The details with which a call is refused: the tool prints two lines and ends with status 1."""
    try:
        answer = function(*arguments, **options)
    except Ended as error:
        first, _, second = str(error).partition("\n")
        assert first == f"Error code = {code}" and second.startswith("Details = "), error
        return second.removeprefix("Details = ")
    raise AssertionError(f"{function} {arguments} was answered: {answer}")


def stops(function, *arguments, **options):
    """The text with which the tool ends by itself."""
    try:
        answer = function(*arguments, **options)
    except Ended as error:
        assert not str(error).startswith("Error code"), error
        return str(error)
    raise AssertionError(f"{function} {arguments} was answered: {answer}")


def eventually(what, condition, seconds=120):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return found


def logged_in(plane, folder):
    tool = Tool(plane, folder)
    tool.auth_login(plane.admin, plane.password)
    return tool


# --- the stories


@story("auth login", "auth print-access-token", "auth show", "auth revoke", "context config", "context info", "context account",
       "context project", "version", "completion")
def login(plane, folder):
    tool = Tool(plane, folder)
    assert "authorization" in ends("Unauthenticated", tool.context_account)
    for port in range(10000, 10010):  # the first free one; headless always the first
        tool.auth_login(plane.admin, plane.password, port)
    tool.auth_login(plane.admin, plane.password, remote=True)
    assert tool.login["email"] == plane.admin and tool.login["expiresAt"] > time.time() + 3000
    first = tool.auth_show()
    assert tool.token_file.name == "strm-creds-localhost.json" in tool.context_info()

    account = tool.context_account()
    assert account.max_input_streams > 0 and account.subscription and account.organization and account.organization_id
    assert 1 in account.user_roles and account.billing_id == ""

    # The active project is the first one until another is chosen; one that is gone is told, and the first one chosen.
    assert tool.context_project() == "default"
    tool.create_project("shops")
    assert tool.context_project("shops") == tool.context_project() == "shops"
    tool.delete_project("shops", project_flag="default")
    assert "gone" in stops(tool.context_account) and tool.context_project() == "default"
    assert "nowhere" in stops(tool.context_account, project_flag="nowhere")

    # A token that is over is renewed by itself; one that cannot be renewed ends the login.
    tool.token_file.write_text(json.dumps({**tool.login, "expiresAt": 1}))
    assert tool.auth_show() != first and tool.login["expiresAt"] > time.time()
    tool.token_file.write_text(json.dumps({**tool.login, "expiresAt": 1, "refreshToken": "nonsense"}))
    assert "log in" in stops(tool.context_account) and not tool.token_file.exists()

    # Somebody without a project cannot do anything, and is told.
    admin = logged_in(plane, tool.folder / "admin")
    plane.invite(admin, "ben@example.com", "MEMBER", "the password of ben")
    admin.manage_project(remove=["ben@example.com"])
    tool.auth_login("ben@example.com", "the password of ben")
    assert "no projects" in stops(tool.context_account)
    tool.auth_revoke()
    assert not tool.token_file.exists()


@story("list projects", "get project", "create project", "delete project", "manage project", "list users", "get user", "invite users",
       "manage user-roles", "list installations", "get installation")
def people(plane, folder):
    tool = logged_in(plane, folder)
    made = tool.create_project("shops", "all of them")
    assert [(name, about) for name, _, about in tool.list_projects()] == [("default", tool.projects[0].description), ("shops", "all of them")]
    assert tool.get_project("shops") == made and made.state == 1
    assert "shops" in ends("AlreadyExists", tool.create_project, "shops")
    assert "name" in ends("InvalidArgument", tool.create_project, "x")

    plane.invite(tool, "anna@example.com", "MEMBER", "the password of anna")
    assert [issue.invite.email for issue in tool.invite_users(["anna@example.com"], "MEMBER").issues] == ["anna@example.com"]
    assert set(tool.list_users(organization=True)) == {plane.admin, "anna@example.com"}
    assert "anna@example.com" not in tool.list_users(project_flag="shops")
    tool.manage_project(add=["anna@example.com"], project_flag="shops")
    assert tool.list_users(project_flag="shops")["anna@example.com"][2] == [4]
    tool.manage_user_roles(["anna@example.com"], ["APPROVER", "PROJECT_ADMIN"])
    assert sorted(tool.get_user("anna@example.com").user_roles) == [2, 3]
    anna = Tool(plane, tool.folder / "anna")
    anna.auth_login("anna@example.com", "the password of anna")
    assert "role" in ends("PermissionDenied", anna.manage_user_roles, ["anna@example.com"], ["ADMIN"])
    tool.manage_user_roles(["anna@example.com"], [])  # none: a member
    assert list(anna.get_user("anna@example.com").user_roles) == [4]
    assert "role" in ends("PermissionDenied", anna.create_project, "more")
    tool.manage_project(remove=["anna@example.com"], project_flag="shops")
    assert "anna@example.com" not in tool.list_users(project_flag="shops")
    ends("NotFound", tool.get_user, "nobody@example.com")
    ends("NotFound", tool.manage_project, add=["nobody@example.com"])

    installation, = tool.list_installations()
    assert tool.get_installation(installation.id).installation_type == 2
    ends("NotFound", tool.get_installation, str(uuid.uuid4()))
    tool.delete_project("shops")
    assert [name for name, _, _ in tool.list_projects()] == ["default"]


@story("create stream", "list streams", "get stream", "delete stream", "list key-streams", "get key-stream", "monitor", "logs")
def streams(plane, folder):
    tool = logged_in(plane, folder)
    policy = tool.create_policy("one month", 30)
    tool.activate_policy("one month")
    source = tool.create_stream("shop", description="all orders", tags=["a", "b"], policy_name="one month")
    credentials = source.credentials[0]
    assert source.enabled and source.limits.event_rate > 0 and source.limits.event_count > 0
    assert credentials.client_id and credentials.client_secret.isalnum() and credentials.project_id == tool.project.id
    assert source.HasField("masked_fields") and not source.masked_fields.field_patterns and source.policy_id == policy.id
    derived = tool.create_stream(derived_from="shop", purposes=[0, 1])
    assert derived.ref.name == "shop-0-1" and derived.consent_level_type == 2 and derived.credentials[0].client_secret
    masked = tool.create_stream(derived_from="shop", purposes=[3], masks={EXAMPLE: {"field_patterns": ["someSensitiveValue"]}}, seed="s")
    assert masked.ref.name == "shop-M3" and masked.masked_fields.seed == "s"
    named = tool.create_stream("mine", derived_from="shop", purposes=[0], save=False)

    rows = {row[0]: row[1:] for row in tool.list_streams()}
    assert rows["shop"] == [False, [], True, "one month", source.kafka_topic] and source.kafka_topic.startswith("stream-")
    assert rows["shop-0-1"][:3] == [True, [0, 1], True] and rows["shop-0-1"][4] == derived.kafka_topic
    assert rows["mine"][4] == named.kafka_topic and len({row[4] for row in rows.values()}) == len(rows)
    tree, row = tool.get_stream("shop", recursive=True)
    assert row[0] == "shop" and tree.stream.credentials[0] == credentials
    assert {stream.ref.name for stream in tree.derived} == {"shop-0-1", "shop-M3", "mine"}
    assert tree.key_stream.ref.name == "shop"
    assert tool.get_stream("shop-0-1")[1][:4] == ["shop-0-1", True, [0, 1], True]
    # Completion: names from the same lists.
    assert "shop" in tool.list_key_streams() and "shop-0-1" not in tool.list_key_streams()
    assert tool.get_key_stream("shop").kafka_topic == source.kafka_topic.replace("stream-", "keys-")
    ends("NotFound", tool.get_key_stream, "shop-0-1")

    # How they are is told by the plane's agent; followers see it and then every change.
    def healthy():
        states = tool.monitor("STREAM", "shop")
        return {state.resource_type for state in states if state.status == 1} == {120, 122} and states
    for state in eventually("topic and decrypter of shop are healthy", healthy):
        assert state.state_time.seconds and state.ref.name == "shop" and state.ref.project_id == tool.project.id and not state.logs
    assert "shop" in {state.ref.name for state in tool.monitor()}
    assert tool.monitor("STREAM", "shop", follow=True)[0].ref.name == "shop"
    assert all(not state.HasField("ref") for state in tool.logs("STREAM", "shop"))
    assert not tool.logs("STREAM", "shop", follow=True)[0].status
    for kind in ("BATCH_JOB", "BATCH_EXPORTER"):
        assert tool.monitor(kind) == tool.logs(kind, "nobody") == []

    assert "shop exists" in ends("AlreadyExists", tool.create_stream, "shop")
    assert "name" in ends("InvalidArgument", tool.create_stream, "abc")
    assert "nobody" in ends("NotFound", tool.get_stream, "nobody")
    assert "nobody" in ends("NotFound", tool.delete_stream, "nobody")
    assert "shop-0-1" in ends("FailedPrecondition", tool.delete_stream, "shop")
    tool.delete_stream("shop", recursive=True)
    # What is gone is told, too: a decrypter at once, a topic after a while. And the agent tells how it is itself.
    eventually("the decrypter is removed, the topic will be", lambda: {(s.resource_type, s.status) for s in tool.monitor("STREAM", "shop")} == {(120, 4), (122, 2)})
    own = tool.list_installations()[0].id
    components = tool.call("InstalledComponentsService/ListInstalledComponentsCurrentStates", installation_id=own).installed_components
    assert 2 in [instance.state.state_type for component in components if component.component_type == 4 for instance in component.instances]
    assert not {row[0] for row in tool.list_streams()} & {"shop", "shop-0-1", "shop-M3", "mine"}
    tool.archive_policy("one month")
    tool.delete_policy("one month")


@story("create data-contract", "list data-contracts", "get data-contract", "delete data-contract", "review data-contract",
       "approve data-contract", "activate data-contract", "archive data-contract", "get schema-code")
def contracts(plane, folder):
    tool = logged_in(plane, folder)
    simple = {"name": "Clicks", "nodes": [
        {"type": "STRING", "name": "Session Id", "required": True}, {"type": "STRING", "name": "User Name"},
        {"type": "NODE", "name": "mouse positions", "repeated": True, "nodes": [{"type": "INTEGER", "name": "x"}, {"type": "FLOAT", "name": "y"}]}]}
    made = tool.create_data_contract("webshop/clicks/1.0.0", simple, {
        "key_field": "SessionId", "metadata": {"title": "Clicks"},
        "field_metadata": [{"field_name": "UserName", "personal_data_config": {"is_pii": True, "is_quasi_id": False, "purpose_level": 1}}]})
    definition = json.loads(made.schema.definition)
    assert [field["name"] for field in definition["fields"]] == ["strmMeta", "SessionId", "UserName", "MousePositions"]
    assert made.state == 1 and made.schema.ref.schema_type == 1 and made.schema.fingerprint and made.schema.simple_schema.nodes[0].avro_name
    # What is no simple schema is sent as it is; the control plane finds out what it is.
    avro = tool.create_data_contract("webshop/avro/1.0.0", json.dumps(example_schema()), {
        "key_field": "consistentValue", "pii_fields": {"consistentValue": 2}, "validations": [{"field": "consistentValue", "type": "regex", "value": "^.+$"}]})
    meta = {"type": "object", "required": ["eventContractRef", "consentLevels"], "properties": {
        "eventContractRef": {"type": "string"}, "consentLevels": {"type": "array", "items": {"type": "integer"}}}}
    shape = tool.create_data_contract("webshop/json/1.0.0", json.dumps({
        "type": "object", "required": ["strmMeta", "email"], "properties": {"strmMeta": meta, "email": {"type": "string"}}}), {"key_field": "email"}, public=True)
    assert (avro.schema.ref.schema_type, shape.schema.ref.schema_type) == (1, 2) and shape.is_public

    rows = tool.list_data_contracts()
    assert rows["webshop/clicks/1.0.0"] == ["DRAFT", False, "SessionId", 0, 1] and rows["webshop/avro/1.0.0"] == ["DRAFT", False, "consistentValue", 1, 0]
    assert rows[EXAMPLE][:2] == ["ACTIVE", True]
    # Completion of references has no project at hand.
    completed = tool.call("DataContractsService/ListDataContracts").data_contracts
    assert set(rows) <= {tool.contract_row(contract)[0] for contract in completed}

    ref = "webshop/clicks/1.0.0"
    for step, state in ((tool.review, 2), (tool.approve, 6), (tool.activate, 3), (tool.archive, 4), (tool.activate, 3)):
        step(ref)
        assert tool.get_data_contract(ref).state == state
    assert "ACTIVE" in ends("FailedPrecondition", tool.review, ref)
    assert "ACTIVE" in ends("FailedPrecondition", tool.delete_data_contract, ref)
    for language in ("java", "typescript", "python", "rust"):
        name, members = tool.get_schema_code(ref, language)
        assert name == f"{language}-avro-clicks-1.0.0.zip" and f"{name[:-4]}/schema/schema.avsc" in members
    tool.get_schema_code("webshop/avro/1.0.0", "python")
    assert "language" in ends("InvalidArgument", tool.get_schema_code, ref, "cobol")
    for name in ("webshop/avro/1.0.0", "webshop/json/1.0.0"):
        tool.delete_data_contract(name)
        ends("NotFound", tool.get_data_contract, name)
    assert "key" in ends("InvalidArgument", tool.create_data_contract, "webshop/wrong/1.0.0", simple, {"key_field": "nobody"})
    assert "clicks" in ends("AlreadyExists", tool.create_data_contract, ref, simple, {"key_field": "SessionId"})


@story("list policies", "get policy", "create policy", "update policy", "delete policy", "activate policy", "archive policy",
       "list purpose-mappings", "get purpose-mapping", "create purpose-mapping")
def policies(plane, folder):
    tool = logged_in(plane, folder)
    standard = tool.get_policy()
    assert (standard.id, standard.name, standard.description, standard.retention_days, standard.state) == (
        "", "7 years", "Default 7 year retention", 2556, 2)
    made = tool.create_policy("one year", 365, "for a year", "the law")
    assert tool.list_policies()["one year"] == [made.id, 365, "STATE_DRAFT"]
    assert tool.get_policy(name="one year") == made
    changed = tool.update_policy(made.id, name="two years", retention_days=730, legal_grounds="another law", description="longer")
    assert (changed.name, changed.retention_days, changed.legal_grounds, changed.description) == ("two years", 730, "another law", "longer")
    assert "draft" in ends("FailedPrecondition", tool.create_stream, "early", policy_id=made.id).lower()
    assert tool.activate_policy("two years").state == 2
    assert "draft" in ends("FailedPrecondition", tool.update_policy, made.id, name="three years")
    assert "active" in ends("FailedPrecondition", tool.delete_policy, "two years")
    assert tool.archive_policy("two years").state == 3
    tool.delete_policy("two years")
    assert "two years" not in tool.list_policies()
    ends("NotFound", tool.get_policy, made.id)
    draft = tool.create_policy("never used", 1)
    tool.delete_policy("never used")
    ends("NotFound", tool.get_policy, draft.id)

    known = tool.list_purpose_mappings()
    level = tool.create_purpose_mapping("marketing").level
    assert level == max(known, default=-1) + 1 and tool.get_purpose_mapping(level) == "marketing"
    assert tool.list_purpose_mappings() == {**known, level: "marketing"}
    ends("AlreadyExists", tool.create_purpose_mapping, "marketing")
    ends("NotFound", tool.get_purpose_mapping, 999)


@story("create data-connector", "list data-connectors", "get data-connector", "delete data-connector", "create batch-exporter",
       "list batch-exporters", "get batch-exporter", "delete batch-exporter", "create batch-job", "list batch-jobs", "get batch-job",
       "delete batch-job")
def batch(plane, folder):
    tool = logged_in(plane, folder)
    tool.create_stream("shop")
    key = json.dumps({"AccessKey": {"UserName": "u", "AccessKeyId": "a", "Status": "Active", "SecretAccessKey": "hush", "CreateDate": "2021"}})
    assert "hush" not in str(tool.create_data_connector("bucket", s3_bucket={"bucket_name": "b", "credentials": key, "assume_role_arn": ""}))
    first = tool.create_batch_exporter("shop", path_prefix="events/2026")
    assert tool.exporter_row(first) == ["bucket-shop", "stream_ref", "shop", "bucket", 60, "events/2026"]
    tool.create_data_connector("cloud", google_cloud_storage_bucket={"bucket_name": "b", "credentials": '{"type": "service_account"}'})
    tool.create_data_connector("blobs", azure_blob_storage_container={"storage_account_uri": "https://a", "container_name": "c",
                               "client_secret_credential": {"tenant_id": "t", "client_id": "i", "client_secret": "hush"}})
    tool.create_data_connector("base", jdbc_location={"jdbc_uri": "jdbc:postgresql://example.com:5432/test", "private_key": "", "database_type": "POSTGRES"})
    keys = tool.create_batch_exporter("shop", "cloud", interval=30, export_keys=True, existing=True)
    assert tool.exporter_row(keys)[:3] == ["cloud-shop-keys", "key_stream_ref", "shop"] and keys.include_existing_events
    assert tool.list_batch_exporters() == [tool.get_batch_exporter("bucket-shop"), tool.get_batch_exporter("cloud-shop-keys")]
    assert "interval" in ends("InvalidArgument", tool.create_batch_exporter, "shop", "cloud", "mine", interval=5)

    def at(connector, file, **more):
        return {"data_connector_ref": tool.ref(connector), "file_name": file, **more}
    csv = {"data_type": {"csv": {"charset": "UTF-8"}}}
    handle, name, version = EXAMPLE.split("/")
    contract = {"handle": handle, "name": name, "version": version}
    encryption = {
        "source_data": at("bucket", "in.csv"), "encrypted_data": {"target": at("bucket", "out.csv", **csv)},  # the tool's sample has no type
        "encryption_keys_data": {"target": at("cloud", "keys.csv", **csv)},
        "encryption": {"timestamp_config": {"field": "when", "format": "yyyy-MM-dd", "default_time_zone": {"id": "Europe/Amsterdam"}}},
        "consent": {"default_consent_levels": [0], "consent_level_extractor": {"field": "c", "field_patterns": {"x": {"consent_levels": [1]}}}},
        "event_contract_ref": contract, "derived_data": [{"target": at("cloud", "d.csv", **csv), "consent_levels": [1]}]}
    tool.create_policy("for jobs", 10)
    tool.activate_policy("for jobs")
    job = tool.create_batch_job("encryption_batch_job", encryption, policy_name="for jobs")
    micro = tool.create_batch_job("micro_aggregation_batch_job", {
        "source_data": at("bucket", "in.csv", **csv), "target_data": at("bucket", "agg.csv", **csv), "data_contract_ref": contract,
        "aggregation_config": {"minimum_k_anonymity": 3}})
    assert job[1:3] == ["encryption_batch_job", 1] and micro[1:3] == ["micro_aggregation_batch_job", 1]
    rows, completed = tool.list_batch_jobs()
    assert rows == [job, micro] and completed == [job[0]]
    assert tool.get_batch_job(job[0]) == job and tool.get_batch_job(micro[0]) == micro

    assert dict(tool.list_data_connectors()) == {"bucket": "s3_bucket", "cloud": "google_cloud_storage_bucket",
                                                "blobs": "azure_blob_storage_container", "base": "jdbc_location"}
    assert tool.list_data_connectors(recursive=True)[0] == tool.get_data_connector("bucket", recursive=True) == ["bucket", "s3_bucket", 2]
    assert tool.get_data_connector("base", recursive=True) == ["base", "jdbc_location", 0] and tool.get_data_connector("base")[0] == "base"
    assert "bucket-shop" in ends("FailedPrecondition", tool.delete_data_connector, "bucket")
    tool.delete_batch_exporter("bucket-shop")
    tool.delete_batch_job(job[0])
    ends("NotFound", tool.get_batch_job, job[0])
    ends("NotFound", tool.get_batch_exporter, "bucket-shop")
    tool.delete_data_connector("bucket", recursive=True)
    assert tool.list_batch_jobs() == ([], [])
    for name in ("cloud", "blobs", "base"):
        tool.delete_data_connector(name, recursive=True)
    assert tool.list_data_connectors() == tool.list_batch_exporters() == []


@story("list kafka-clusters", "get kafka-cluster", "create kafka-exporter", "list kafka-exporters", "get kafka-exporter",
       "delete kafka-exporter", "create kafka-user", "list kafka-users", "get kafka-user", "delete kafka-user", "listen kafka")
def kafka(plane, folder):
    tool = logged_in(plane, folder)
    tool.create_stream("shop")
    assert tool.list_kafka_clusters() == ["shared-export"]
    assert tool.get_kafka_cluster("shared-export").ref.billing_id == "internal"
    made = tool.create_kafka_exporter("shop", {"billing_id": "internal", "name": "shared-export"})
    name = made.ref.name
    assert made.target.topic.startswith("export-") and made.target.cluster_ref.name == "shared-export"
    assert tool.list_kafka_exporters() == [name] and tool.get_kafka_exporter(name).stream_ref.name == "shop"
    assert tool.listen_kafka(name) == made.target.topic
    second = tool.create_kafka_user(name)
    assert tool.list_kafka_users(name) == [made.users[0].ref.name, second.ref.name]
    assert tool.get_kafka_user(second.ref.name).client_secret == second.client_secret
    assert "service-account" in ends("FailedPrecondition", tool.delete_kafka_exporter, name)
    tool.delete_kafka_user(second.ref.name)
    ends("NotFound", tool.get_kafka_user, second.ref.name)
    tool.delete_kafka_exporter(name, recursive=True)
    assert tool.list_kafka_exporters() == []
    ends("NotFound", tool.listen_kafka, name)


@story("simulate random-events", "listen web-socket", "get usage", "evaluate diagnostics")
def events(plane, folder):
    tool = logged_in(plane, folder)
    vector = ("327374726d707269766163792f6578616d706c652f312e352e3000000000040002000210756e697175652d351673657373696f6e2d323733"
              "021673656e7369746976652d30021e6e6f742d73656e7369746976652d36")
    assert example_event([0, 1], "unique-5", "session-273", "sensitive-0", "not-sensitive-6").hex() == vector
    tool.create_stream("shop")
    tool.create_stream(derived_from="shop", purposes=[1])
    # Right after it was made: the tool does not try again.
    with tool.listen("shop") as sealed, tool.listen("shop-1") as open:
        tool.simulate("shop", 20)
        for number in range(20):
            line = sealed.recv(timeout=60)
            event = json.loads(line)
            assert isinstance(line, str) and "\n" not in line and line.startswith('{"strmMeta": {"eventContractRef": "' + EXAMPLE + '", ')
            assert event["strmMeta"]["keyLink"] and not event["uniqueIdentifier"].startswith("unique")
        for number in range(12):  # who agreed to purpose 1: three of five
            event = json.loads(open.recv(timeout=60))
            assert 1 in event["strmMeta"]["consentLevels"] and event["uniqueIdentifier"].startswith("unique-")
            assert not event["consistentValue"].startswith("session")
    assert "derived" in stops(tool.simulate, "shop-1", 1)
    try:
        websockets.sync.client.connect(plane.urls["webSocketPlain"], additional_headers={"authorization": "Bearer nonsense"})
        raise AssertionError("a stranger listens")
    except websockets.exceptions.InvalidStatus as refusal:
        assert refusal.response.status_code == 401, refusal

    def counted():
        now = int(time.time())
        text = lambda seconds: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
        return sum(row[1] for row in tool.get_usage("shop", text(now - 600), text(now + 120), 60)) == 20
    eventually("twenty events are counted", counted, seconds=240)

    # People's data stays in the plane: what is uploaded would leave it.
    text = "name,age,illness\nanna,30,flu\nben,30,cold\n"
    assert "plane" in stops(tool.evaluate, text, ["age"], ["illness"])
    assert "plane" in stops(tool.evaluate, text, [""], [""])


@story("list data-subjects", "delete data-subjects", "list data-subject-keylinks")
def subjects(plane, folder):
    tool = logged_in(plane, folder)
    assert tool.list_data_subjects() == ([], "")
    file = json.load(open(os.path.join(os.path.dirname(os.path.dirname(plane.ca)), "secrets", "installation")))
    basic = base64.b64encode(f"{file['clientId']}:{file['clientSecret']}".encode()).decode()
    token = requests.post(plane.site + "/auth/realms/installations/protocol/openid-connect/token", data={"grant_type": "client_credentials"},
                          headers={"authorization": "Basic " + basic}).json()["access_token"]
    data_plane = Api(urllib.parse.urlsplit(plane.urls["apiPlain"]).netloc, token)
    links = [str(uuid.uuid4()) for _ in range(3)]
    data_plane("DataSubjectsService/AddDataSubjectsKeyLinks", project_id=tool.project.id, data_subject_keylinks=[
        {"data_subject_id": f"person-{n}", "keylinks_and_timestamps": [{"key_link": links[n], "expiry_time": "2030-01-01T00:00:00Z"}]} for n in range(3)])
    page, token = tool.list_data_subjects(page_size=2)
    assert page == ["person-0", "person-1"] and tool.list_data_subjects(2, token) == (["person-2"], "")
    assert tool.list_data_subject_keylinks("person-0", "person-2", "nobody") == {
        "person-0": [(links[0], 1893456000)], "person-2": [(links[2], 1893456000)]}
    assert tool.delete_data_subjects("person-0", "person-1") == 2
    assert tool.list_data_subjects() == (["person-2"], "") and tool.list_data_subject_keylinks("person-0") == {}


if __name__ == "__main__":
    if sys.argv[1:] == ["commands"]:
        print(json.dumps({name: [command for command, teller in COMMANDS.items() if teller == name] for name in STORIES}))
    else:
        name, ready, folder = sys.argv[1:]
        STORIES[name](Plane(ready), folder)
        missing = {command for command, teller in COMMANDS.items() if teller == name} - played
        assert not missing, f"nobody played {missing}"
        print("fine")
