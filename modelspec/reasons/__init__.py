"""Why a request goes where it goes: a decision with the place in the files that each part of it comes from."""
