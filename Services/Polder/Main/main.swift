import Polder
