import Polder

await PolderMain.run()
