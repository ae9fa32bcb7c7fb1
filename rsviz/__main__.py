from rsviz.cli import main

main()
