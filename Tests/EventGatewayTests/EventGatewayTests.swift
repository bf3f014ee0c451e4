// EventGatewayTests
