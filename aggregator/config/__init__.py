"""feeds.yaml: what it holds (`models`), reading it (`load`) and changing it with comments kept (`edit`)."""
