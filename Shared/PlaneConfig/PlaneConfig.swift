// PlaneConfig
