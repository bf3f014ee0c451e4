// EventGateway
