// PlaneTests
