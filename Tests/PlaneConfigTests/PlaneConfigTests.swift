// PlaneConfigTests
