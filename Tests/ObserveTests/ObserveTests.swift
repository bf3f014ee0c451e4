// ObserveTests
