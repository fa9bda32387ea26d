"""What people see: tables, trees and lines; a file per concept."""
