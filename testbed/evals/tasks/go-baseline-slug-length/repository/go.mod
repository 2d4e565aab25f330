module example.org/sluggard

go 1.22
